"""The choices and data of readers."""
