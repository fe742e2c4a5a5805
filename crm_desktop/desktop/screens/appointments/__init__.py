"""Booking an appointment, and a site's calendar of them."""
