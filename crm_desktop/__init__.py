"""CRM Desktop: an omnichannel contact desktop for council customer service centres."""
