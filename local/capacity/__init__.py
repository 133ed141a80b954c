"""`make capacity`: what the product costs by its number of users, and which limit comes first."""
