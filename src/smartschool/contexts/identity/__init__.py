"""统一身份认证: account, credential, session; builds the Actor of a request."""
