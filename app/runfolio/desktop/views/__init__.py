"""The workspaces of the window, each a widget that draws the shared state and is imported when first shown."""
