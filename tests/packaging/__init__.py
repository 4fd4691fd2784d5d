"""What is shipped and how it is set up."""
