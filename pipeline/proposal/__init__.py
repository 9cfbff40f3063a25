"""What a folder of images and labels asks for: a configuration, with reasons."""
