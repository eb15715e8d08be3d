"""Key images: pictures that the operator keeps, as files beside the record and in an archive."""
