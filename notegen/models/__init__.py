"""The bundles that come with notegen, as files."""
