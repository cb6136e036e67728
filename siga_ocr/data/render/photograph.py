"""From a painted crop to the file's pixels: light on the workpiece, lens, resolution, sensor, compression, in that order."""

import cv2
import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render import camera, conditions
from siga_ocr.data.render.camera import Pixels
from siga_ocr.data.render.fault import Faults, calmed, drawn_faults, legible, levels
from siga_ocr.data.render.geometry import widened
from siga_ocr.data.render.scene import Job, Shot
from siga_ocr.data.render.surface import Image
from siga_ocr.data.render.visible import hidden


def _on_the_workpiece(image: Image, draw: Draw, faults: Faults, cap: float) -> Image:
    if faults.gradient:
        image = conditions.gradient(image, draw, faults.gradient)
    if faults.scratches:
        image = conditions.scratches(image, draw, faults.scratches, cap)
    if faults.dirt:
        image = conditions.dirt(image, draw, faults.dirt, cap)
    if faults.shadow:
        image = conditions.shadow(image, draw, faults.shadow)
    if faults.glare:
        image = conditions.glare(image, draw, faults.glare)
    return conditions.vignette(image, draw, faults.vignette) if faults.vignette else image


def _through_the_lens(image: Image, draw: Draw, faults: Faults, cap: float) -> Image:
    if faults.defocus:
        image = camera.defocus(image, draw, faults.defocus, cap)
    if faults.motion:
        image = camera.motion(image, draw, faults.motion, cap)
    if faults.colour_cast:
        image = camera.colour_cast(image, draw, faults.colour_cast)
    if faults.grey:
        image = camera.grey(image, draw)
    return camera.low_contrast(image, draw, faults.low_contrast) if faults.low_contrast else image


def _on_the_sensor(image: Image, labels: Pixels, draw: Draw, faults: Faults) -> Image:
    if faults.tones:
        image = camera.tones(image, draw, faults.tones)
    if faults.grey:
        image = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    if faults.exposure:
        image = camera.exposure(image, draw, faults.exposure, levels(image, labels))
    if faults.bands:
        image = camera.bands(image, draw, faults.bands)
    if faults.noise:
        image = camera.noise(image, draw, faults.noise, 1 if faults.grey or draw.chance(0.4) else 3)
    return camera.hot_pixels(image, draw, faults.hot_pixels) if faults.hot_pixels else image


def _in_the_file(image: Image, draw: Draw, faults: Faults, cap: float) -> Pixels:
    if faults.interlaced:
        image = camera.interlaced(image, draw, faults.interlaced, cap)
    if faults.halo:
        image = camera.halo(image, draw, faults.halo, cap)
    pixels = np.ascontiguousarray(image.clip(0.0, 255.0).astype(np.uint8))
    return camera.jpeg(pixels, draw, faults.jpeg, cap) if faults.jpeg else pixels


def photograph(shot: Shot, job: Job) -> tuple[Pixels, Pixels]:
    """The file's pixels, uint8 [h, w, 3], and the labels that belong to them, uint8 [h, w].

    A crop whose faults hide one of its characters is taken once more with weaker ones.
    """
    faults = drawn_faults(job.draw, job.difficulty, job.style.fault)
    pixels, labels = _taken(shot, job, faults)
    return _taken(shot, job, calmed(faults)) if hidden(pixels, labels) else (pixels, labels)


def _taken(shot: Shot, job: Job, faults: Faults) -> tuple[Pixels, Pixels]:
    draw, view = job.draw, shot.view
    image = _on_the_workpiece(shot.image, draw, faults, view.cap)
    image = _through_the_lens(image, draw, faults, view.cap)
    image = legible(image, view.labels, 60.0 - 40.0 * max(job.difficulty, faults.low_contrast))
    labels, share = view.labels, shot.height / view.labels.shape[0]
    if shot.height != view.labels.shape[0]:
        size = (max(4, round(labels.shape[1] * share)), shot.height)
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
        labels = np.asarray(cv2.resize(widened(labels, 1.0 / share), size, interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)
    if faults.low_resolution:
        image = camera.low_resolution(image, draw, faults.low_resolution, view.cap * share)
    return _in_the_file(_on_the_sensor(image, labels, draw, faults), draw, faults, view.cap * share), labels
