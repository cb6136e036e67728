"""What computes a batch: PyTorch, ONNX Runtime, and the export between them."""
