"""The dashboard: server-rendered pages for people, complete without JavaScript."""
