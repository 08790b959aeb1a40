"""What people and machines read: views over the rows, made in one place for the API and the dashboard."""
