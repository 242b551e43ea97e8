"""Cases to try the rules with: `*.test.yaml`, read, played in a rehearsal, and held against what was expected."""
