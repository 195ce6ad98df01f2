"""The pages of `/account/`: doors to the services of this package."""
