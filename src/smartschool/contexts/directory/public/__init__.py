"""The door of directory: what other rooms may call and the frozen shapes they get."""
