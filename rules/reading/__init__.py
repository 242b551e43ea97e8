"""The YAML: from text, with the place of every word, to rules that hold together."""
