"""SIGA-R, SIGA-S and SIGA-T as published: an aligned branch, a plain branch, glyph attention on two scales, their fusion (section 1.5)."""

import torch
from torch import Tensor, nn

from siga_ocr.config import ModelConfig
from siga_ocr.model.backbone import Features
from siga_ocr.model.decoder import AttentionDecoder, CharacterDecoder, shifted
from siga_ocr.model.glyph import Glyphs
from siga_ocr.model.outputs import ReadOutput, TrainOutput
from siga_ocr.model.parts import attending, encoder, head, parts, rectifier


class PublishedSiga(nn.Module):
    """The published network with its seven recognition heads, on any of the three backbones."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        sizes, own = attending(config), parts(config)
        self.rectifier = rectifier(config)
        self.backbone = own.backbone
        self.aligned_encoder = encoder(config)
        self.aligned_decoder = AttentionDecoder(sizes, gated=False)
        self.encoder = encoder(config)
        self.plain_decoder = AttentionDecoder(sizes, gated=False)
        self.trunk = own.trunk
        self.glyph = own.glyph
        self.glyph_decoders = nn.ModuleList(CharacterDecoder(sizes) for _ in range(2))
        self.fused_decoders = nn.ModuleList(AttentionDecoder(sizes, gated=True) for _ in range(2))
        self.head = head(config)

    def forward(self, images: Tensor, mask: Tensor, steps: int) -> ReadOutput:
        """[N, 3, H, W], the column mask [N, W] -> log-probabilities [N, steps, K], each predicted character fed back."""
        straight, _ = self.rectifier(images)  # [N, 3, H, W]
        taps = self.backbone(straight, mask)  # P0, P1, P2, columns [N, w, D]
        encoded = self.encoder(taps.columns, taps.column_mask)  # [N, w, 256]
        low, middle = self._glyphs(taps, encoded, mask, self.config.max_steps)  # features [N, 26, 256]
        logits = self._greedy(encoded, taps.column_mask, (low.features, middle.features), steps)  # [N, T, K]
        return ReadOutput(torch.log_softmax(logits[..., : self.config.charset.class_count], 2), low.attention[:, :steps])

    def outputs(self, images: Tensor, mask: Tensor, targets: Tensor) -> TrainOutput:
        """All heads, teacher forced with `targets` [N, T] (end mark and padding are class 0)."""
        straight, grid = self.rectifier(images)
        taps = self.backbone(straight, mask)
        steps, previous = targets.shape[1], shifted(targets, self.config.charset.start)
        columns = taps.column_mask
        aligned = self.aligned_decoder(self.aligned_encoder(taps.columns, columns), columns, steps, previous)
        encoded = self.encoder(taps.columns, columns)
        trunk = self.trunk.shared(taps, encoded, mask)
        glyphs = self.glyph(trunk, (taps.low, taps.middle), mask, self.config.max_steps)
        features = [scale.features[:, :steps] for scale in glyphs]
        plain = self.plain_decoder(encoded, columns, steps, previous)
        fused = [decoder(encoded, columns, steps, previous, features[k]) for k, decoder in enumerate(self.fused_decoders)]
        logits = {"aligned": aligned.logits, "plain": plain.logits}
        for k, name in enumerate(("low", "middle")):
            logits[f"glyph_{name}"] = self.glyph_decoders[k](features[k], previous)
        logits |= {"fused_low": fused[0].logits, "fused_middle": fused[1].logits}
        logits["final"] = self.head(fused[0].features, fused[1].features, previous)
        mask_logits = self.trunk.text_mask(taps, trunk[0], mask)
        return TrainOutput(logits, aligned.attention, columns, mask_logits, (glyphs[0].maps, glyphs[1].maps), encoded, grid)

    def encode(self, images: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """[N, 3, H, W], the column mask [N, W] -> the columns [N, w, D] of the encoder that is read from, and their mask [N, w]."""
        taps = self.backbone(self.rectifier(images)[0], mask)
        return self.encoder(taps.columns, taps.column_mask), taps.column_mask

    def foreground(self, images: Tensor, mask: Tensor) -> Tensor:
        """[N, 3, H, W] -> the probability [N, 1, H, W] that a pixel of the straightened crop is text."""
        straight, _ = self.rectifier(images)
        taps = self.backbone(straight, mask)
        encoded = self.encoder(taps.columns, taps.column_mask)
        logits = self.trunk.text_mask(taps, self.trunk.shared(taps, encoded, mask)[0], mask)
        return torch.softmax(logits.float(), 1)[:, 1:]

    def _glyphs(self, taps: Features, encoded: Tensor, mask: Tensor, steps: int) -> tuple[Glyphs, Glyphs]:
        trunk = self.trunk.shared(taps, encoded, mask)
        low, middle = self.glyph(trunk, (taps.low, taps.middle), mask, steps)
        return low, middle

    def _greedy(self, encoded: Tensor, column_mask: Tensor, glyphs: tuple[Tensor, Tensor], steps: int) -> Tensor:
        """The three decoders in lock-step, each fed its own last prediction: the same result as one after the other."""
        start = torch.full((encoded.shape[0],), self.config.charset.start, device=encoded.device)
        previous = [start, start, start]
        memories = [decoder.remember(encoded, column_mask) for decoder in self.fused_decoders]  # type: ignore[operator]
        states = [decoder.begin(encoded) for decoder in self.fused_decoders]  # type: ignore[operator]
        final_state = self.head.decoder.begin(encoded)
        steps_logits = []
        for t in range(steps):
            fused = []
            for k, decoder in enumerate(self.fused_decoders):
                _, feature, states[k] = decoder.step(memories[k], states[k], previous[k], glyphs[k][:, t])  # type: ignore[operator]
                previous[k] = decoder.classify(states[k][0]).argmax(1)  # type: ignore[operator]
                fused.append(feature)
            logits, final_state = self.head.step(fused[0], fused[1], final_state, previous[2])
            previous[2] = logits.argmax(1)
            steps_logits.append(logits)
        return torch.stack(steps_logits, 1)
