"""The pages behind the links in notifications."""
