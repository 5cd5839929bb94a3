# What a payload carries: it runs wherever somebody else's scheduler puts it, and nowhere else. Kept free of triple
# single quotes and backslashes, since it travels inside a text of its own (expression.rs).


def bind(serializer, function, *arguments):
    # Only bytes are passed on: what prints the function or its arguments, as the released job runner does, prints none of
    # them.
    def run():
        import pickle

        # What is wrong with packages of the place where this runs is no reason to lose what came of the task.
        try:
            import tblib.pickling_support
        except Exception:
            tblib = None

        def scaler_error(name, text):
            try:
                import scaler.utility.exceptions as exceptions

                return getattr(exceptions, name)(text)
            except Exception:
                return RuntimeError(text)

        def load(codec, what, data):
            try:
                return codec.deserialize(data)
            except Exception as error:
                text = f"failed to deserialize {what}: {type(error).__name__}: {error}"
                raise scaler_error("DeserializeObjectError", text) from error

        def pickled(error):
            try:
                if tblib is not None:
                    tblib.pickling_support.install(error)
            except Exception:
                pass
            try:
                return pickle.dumps(error, protocol=pickle.HIGHEST_PROTOCOL)
            except Exception:
                try:
                    text = f"{type(error).__name__}: {error}"
                except Exception:
                    text = type(error).__name__
                return pickle.dumps(scaler_error("TaskExceptionNotSerializableError", text))

        try:
            import cloudpickle

            codec = cloudpickle.loads(serializer)
            call = load(codec, "the function", function)
            values = [load(codec, f"argument {number}", data) for number, data in enumerate(arguments)]
            return bytes([0]) + codec.serialize(call(*values))
        except Exception as error:
            return bytes([1]) + pickled(error)

    return run
