"""Mail vendors, one a file, all behind `providers.protocols.MailProvider`."""
