"""A C-STORE server that receives from a C-arm."""
