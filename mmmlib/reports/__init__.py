"""The pack: figures, tables, words, rendering."""
