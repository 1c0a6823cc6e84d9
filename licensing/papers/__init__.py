"""What cases and licenses leave in their holder's hands, both languages at once: what each says (`certificate`,
`letters`), in whose words (`*.typ`), set by core.typesetting and kept by core.papers."""
