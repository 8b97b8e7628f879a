"""What people open without a program of ours."""
