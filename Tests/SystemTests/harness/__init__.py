"""What the system tests stand on: a private world, namespaces, switches, frames, traffic. No test lives here."""
