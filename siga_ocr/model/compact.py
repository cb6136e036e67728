"""`compact`: SIGA for plain CPUs. One encoder and one attention decoder, whose glimpses the fusion shares (specification, section 11, row 10)."""

import torch
from torch import Tensor, nn

from siga_ocr.config import ModelConfig
from siga_ocr.model.backbone import Features
from siga_ocr.model.decoder import AttentionDecoder, CharacterDecoder, shifted
from siga_ocr.model.gate import FusionGate
from siga_ocr.model.glyph import Glyphs
from siga_ocr.model.outputs import ReadOutput, TrainOutput, joint
from siga_ocr.model.parts import attending, encoder, head, parts

SCALES = ("low", "middle")


class CompactSiga(nn.Module):
    """The same parts as the published network in fewer channels; without feedback one pass gives every position at once."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        sizes, own = attending(config), parts(config)
        self.backbone = own.backbone
        self.encoder = encoder(config)
        self.aligned_decoder = AttentionDecoder(sizes, gated=False)
        self.trunk = own.trunk
        self.glyph = own.glyph
        self.gates = nn.ModuleList(FusionGate(config.encoder_size) for _ in SCALES)
        self.head = head(config)
        self.glyph_decoders = nn.ModuleList(CharacterDecoder(sizes) for _ in SCALES)  # training only
        self.fused_decoders = nn.ModuleList(CharacterDecoder(sizes) for _ in SCALES)  # training only

    def forward(self, images: Tensor, mask: Tensor, steps: int) -> ReadOutput:
        """[N, C, H, W], the column mask [N, W] -> log-probabilities [N, steps, K]."""
        taps = self.backbone(images, mask)  # P0, P1, P2, columns [N, w, D]
        encoded = self.encoder(taps.columns, taps.column_mask)  # [N, w, D]
        low, middle = self._glyphs(taps, encoded, mask, steps)  # features [N, T, D]
        decode = self._lock_step if self.config.feedback else self._at_once
        logits = decode(encoded, taps.column_mask, (low.features, middle.features), steps)  # [N, T, K]
        return ReadOutput(torch.log_softmax(logits.float(), 2), low.attention)

    def outputs(self, images: Tensor, mask: Tensor, targets: Tensor) -> TrainOutput:
        """All heads for `targets` [N, T] (end mark and padding are class 0), teacher forced where the configuration feeds back."""
        steps = targets.shape[1]
        previous = shifted(targets, self.config.charset.start) if self.config.feedback else None
        taps = self.backbone(images, mask)
        encoded = self.encoder(taps.columns, taps.column_mask)
        aligned = self.aligned_decoder(encoded, taps.column_mask, steps, previous)
        trunk = self.trunk.shared(taps, encoded, mask)
        glyphs = self.glyph(trunk, (taps.low, taps.middle), mask, steps)
        logits, fused = {"aligned": aligned.logits}, []
        for k, name in enumerate(SCALES):
            logits[f"glyph_{name}"] = self.glyph_decoders[k](glyphs[k].features, previous)
            fused.append(self.gates[k](aligned.features, glyphs[k].features))
            logits[f"fused_{name}"] = self.fused_decoders[k](fused[k], previous)
        logits["final"] = self.head(fused[0], fused[1], previous)
        mask_logits = self.trunk.text_mask(taps, trunk[0], mask)
        maps = (glyphs[0].maps, glyphs[1].maps)
        return TrainOutput(logits, aligned.attention, taps.column_mask, mask_logits, maps, encoded, None)

    def encode(self, images: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """[N, C, H, W], the column mask [N, W] -> the encoder's columns [N, w, D] and their mask [N, w]."""
        taps = self.backbone(images, mask)
        return self.encoder(taps.columns, taps.column_mask), taps.column_mask

    def foreground(self, images: Tensor, mask: Tensor) -> Tensor:
        """[N, C, H, W] -> the probability [N, 1, H, W] that a pixel is text, 0 on padding."""
        taps = self.backbone(images, mask)
        encoded = self.encoder(taps.columns, taps.column_mask)
        logits = self.trunk.text_mask(taps, self.trunk.shared(taps, encoded, mask)[0], mask)
        return torch.softmax(logits.float(), 1)[:, 1:] * mask[:, None, None]

    def _glyphs(self, taps: Features, encoded: Tensor, mask: Tensor, steps: int) -> tuple[Glyphs, Glyphs]:
        trunk = self.trunk.shared(taps, encoded, mask)
        low, middle = self.glyph(trunk, (taps.low, taps.middle), mask, steps)
        return low, middle

    def _at_once(self, encoded: Tensor, column_mask: Tensor, glyphs: tuple[Tensor, Tensor], steps: int) -> Tensor:
        aligned = self.aligned_decoder(encoded, column_mask, steps)
        low, middle = (gate(aligned.features, features) for gate, features in zip(self.gates, glyphs, strict=True))
        logits: Tensor = self.head(low, middle)
        return joint(logits, aligned.logits) if self.config.aligned_votes else logits

    def _lock_step(self, encoded: Tensor, column_mask: Tensor, glyphs: tuple[Tensor, Tensor], steps: int) -> Tensor:
        """Greedy: the final head's prediction goes back into the attention decoder and into itself."""
        previous = torch.full((encoded.shape[0],), self.config.charset.start, device=encoded.device)
        memory, state = self.aligned_decoder.remember(encoded, column_mask), self.aligned_decoder.begin(encoded)
        final_state, steps_logits = self.head.decoder.begin(encoded), []
        for t in range(steps):
            _, glimpse, state = self.aligned_decoder.step(memory, state, previous, None)
            low, middle = (gate(glimpse, features[:, t]) for gate, features in zip(self.gates, glyphs, strict=True))
            logits, final_state = self.head.step(low, middle, final_state, previous)
            previous = logits.argmax(1)
            steps_logits.append(logits)
        return torch.stack(steps_logits, 1)
