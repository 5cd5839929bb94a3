"""What goes wrong with containers, under the names by which callers catch it."""


class DockerException(Exception):
    """Whatever goes wrong."""


class APIError(DockerException):
    """A request that is refused."""


class NotFound(APIError):
    """There is no such container."""


class ImageNotFound(NotFound):
    """There is no such image."""
