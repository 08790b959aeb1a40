"""What a person does from the command line to a running installation. Each is loaded when it is called."""
