"""Nova's scheduler learns which hosts are trusted to run confidential servers.

nova.conf: ``available_filters = openstack_sev_filter.filter.SevTrustFilter``.
"""
