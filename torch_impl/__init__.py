"""The PyTorch half."""
