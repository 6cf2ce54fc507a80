"""Pictures to train on: class folders, ZIP files, drawn shapes, augmentation."""
