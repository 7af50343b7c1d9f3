"""Reading a Hugging Face style checkpoint folder: its configuration and its weights."""
