"""What is expected of a signal where nobody says: learned from its past, judged by its errors. Pure."""
