"""What chart kinds beside curves draw: figures of many runs at once, without Qt."""
