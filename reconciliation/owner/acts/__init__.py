"""What an owner does: answers and proposes, names, sets up, keeps keys, is told, and says who belongs to the shop."""
