// One thing after the other: versions, sizes, errors, ids, codecs, sessions that end or go on.

#include "harness.h"

#include <cstddef>
#include <memory>

void check_versions(const scaler_soam_api *(*get_api)(std::uint16_t, std::uint16_t))
{
    CHECK(get_api(0, 0) == nullptr);
    CHECK(get_api(2, 0) == nullptr);
    CHECK(get_api(1, 1) == nullptr);
    CHECK(get_api(0xFFFF, 0xFFFF) == nullptr);
    api = get_api(SCALER_SOAM_MAJOR, SCALER_SOAM_MINOR);
    CHECK(api != nullptr && api == get_api(1, 0));
    CHECK(api->size == sizeof *api && api->major == 1 && api->minor == 0);
    CHECK(api->initialize && api->shutdown && api->connect && api->connection_id && api->connection_close);
    CHECK(api->session_create && api->session_open && api->session_id && api->session_close);
    CHECK(api->task_submit && api->task_cancel);
}

void check_before_initialize()
{
    scaler_soam_error error = fresh_error();
    scaler_soam_connection *connection = nullptr;
    EXPECT(SCALER_SOAM_INVALID, api->connect("ScalerService", "Guest", "Guest", &connection, &error));
}

namespace {

// Exactly as many bytes as an older caller has: a tool finds whoever goes further.
template <class T> std::unique_ptr<char[]> older(const T &now, std::uint32_t size)
{
    std::unique_ptr<char[]> block(new char[size]);
    std::memcpy(block.get(), &now, size);
    std::memcpy(block.get(), &size, sizeof size);
    return block;
}

void check_error_of_size(std::uint32_t size)
{
    scaler_soam_error error{};
    std::memset(static_cast<void *>(&error), 0x5A, sizeof error);
    const std::unique_ptr<char[]> block = older(error, size);
    scaler_soam_connection *connection = nullptr;
    auto *const small = reinterpret_cast<scaler_soam_error *>(block.get());
    CHECK(api->connect(nullptr, "Guest", "Guest", &connection, small) == SCALER_SOAM_INVALID);
    if (size >= offsetof(scaler_soam_error, type)) {
        CHECK(small->status == SCALER_SOAM_INVALID && small->soam_code == 0);
    }
    if (size > offsetof(scaler_soam_error, message)) {
        // Cut off, and still text.
        CHECK(std::memchr(small->message, '\0', size - offsetof(scaler_soam_error, message)) != nullptr);
    }
}

} // namespace

void check_sizes()
{
    for (const std::uint32_t size : {4u, 8u, 12u, 13u, 40u, 72u, 73u, 80u, 1024u}) {
        check_error_of_size(size);
    }
    scaler_soam_connection *const connection = connected();
    scaler_soam_error error = fresh_error();
    scaler_soam_session *session = nullptr;
    Tasks tasks;

    // Without tag, service, priority and flags; without on_session_error.
    const auto options = older(options_of(SCALER_SOAM_CODEC_BYTE_ARRAY), offsetof(scaler_soam_session_options, tag));
    const auto callbacks = older(tasks.callbacks(), offsetof(scaler_soam_callbacks, on_session_error));
    EXPECT(SCALER_SOAM_OK,
           api->session_create(connection, reinterpret_cast<scaler_soam_session_options *>(options.get()),
                               reinterpret_cast<scaler_soam_callbacks *>(callbacks.get()), &session, &error));
    EXPECT(SCALER_SOAM_OK, api->session_close(session, SCALER_SOAM_DESTROY, &error));

    // Less than can do.
    const auto nameless = older(options_of(SCALER_SOAM_CODEC_BYTE_ARRAY), offsetof(scaler_soam_session_options, type));
    const scaler_soam_callbacks whole = tasks.callbacks();
    EXPECT(SCALER_SOAM_INVALID,
           api->session_create(connection, reinterpret_cast<scaler_soam_session_options *>(nameless.get()), &whole,
                               &session, &error));
    CHECK(session == nullptr);

    // Newer callers know more than this library; it reads what it knows.
    struct {
        scaler_soam_session_options known;
        std::uint64_t more;
    } newer = {options_of(SCALER_SOAM_CODEC_BYTE_ARRAY), 42};
    newer.known.size = sizeof newer;
    EXPECT(SCALER_SOAM_OK, api->session_create(connection, &newer.known, &whole, &session, &error));
    EXPECT(SCALER_SOAM_OK, api->session_close(session, SCALER_SOAM_DETACH, &error));
    EXPECT(SCALER_SOAM_OK, api->connection_close(connection, &error));
}

namespace {

void check_connect(const char *setting, const char *value, scaler_soam_status status, int code, const char *message)
{
    const Double settings{{setting, value}};
    scaler_soam_error error = fresh_error();
    scaler_soam_connection *connection = reinterpret_cast<scaler_soam_connection *>(&error);
    EXPECT(status, api->connect("ScalerService", "Guest", "Guest", &connection, &error));
    CHECK(connection == nullptr && error.soam_code == code && std::strcmp(error.message, message) == 0);
    CHECK(code == 0 || std::strcmp(error.type, "SoamException") == 0);
    // Without an error to fill in, too.
    CHECK(api->connect("ScalerService", "Guest", "Guest", &connection, nullptr) == status);
}

} // namespace

void check_errors()
{
    check_connect("CONNECT", "refused", SCALER_SOAM_UNREACHABLE, 1001, "cannot reach the session director");
    check_connect("CONNECT", "words", SCALER_SOAM_UNREACHABLE, 2010, "connection refused by the session director");
    check_connect("PASSWORD", "secret", SCALER_SOAM_DENIED, 2011, "Authentication of the user failed");
    check_connect("APPLICATION", "Other", SCALER_SOAM_UNKNOWN, 2012,
                  "the application ScalerService is not registered");
    // Words decide, and only such as say what they seem to.
    const std::pair<scaler_soam_status, const char *> words[] = {
        {SCALER_SOAM_FAILED, "an unknown error occurred"},
        {SCALER_SOAM_FAILED, "the session was not made, and the reason is unknown"},
        {SCALER_SOAM_FAILED, "profile.soam: No such file or directory"},
        {SCALER_SOAM_UNREACHABLE, "Unknown host: director"},
        {SCALER_SOAM_UNREACHABLE, "The connection timed out (unknown error)"},
        {SCALER_SOAM_UNKNOWN, "Unknown application ScalerService"},
        {SCALER_SOAM_UNKNOWN, "The application ScalerService is unknown"},
        {SCALER_SOAM_UNKNOWN, "There is no such application"},
        {SCALER_SOAM_DENIED, "Unknown user: the password is wrong"},
    };
    for (const auto &said : words) {
        check_connect("CONNECT_SAYS", said.second, said.first, 2013, said.second);
    }
    check_connect("CONNECT", "foreign", SCALER_SOAM_FAILED, 0, "not an exception of the library");
    check_connect("CONNECT", "number", SCALER_SOAM_FAILED, 0,
                  "something was thrown that is no exception of the library");

    scaler_soam_error error = fresh_error();
    scaler_soam_connection *const connection = connected();
    EXPECT(SCALER_SOAM_INVALID, api->connect("a", "b", "c", nullptr, &error));
    EXPECT(SCALER_SOAM_INVALID, api->shutdown(&error));
    EXPECT(SCALER_SOAM_INVALID, api->connection_id(connection, nullptr, &error));

    Tasks tasks;
    scaler_soam_session *session = nullptr;
    const scaler_soam_callbacks callbacks = tasks.callbacks();
    scaler_soam_session_options options = options_of(SCALER_SOAM_CODEC_BYTE_ARRAY);
    const auto create = [&] { return api->session_create(connection, &options, &callbacks, &session, &error); };
    EXPECT(SCALER_SOAM_UNKNOWN, api->session_open(connection, "4711", 0, &callbacks, &session, &error));
    CHECK(session == nullptr && std::strcmp(error.message, "the session 4711 was not found") == 0);
    EXPECT(SCALER_SOAM_INVALID, api->session_open(connection, nullptr, 0, &callbacks, &session, &error));
    EXPECT(SCALER_SOAM_INVALID, api->session_open(connection, "4711", 9, &callbacks, &session, &error));
    options.type = "Nonsense";
    EXPECT(SCALER_SOAM_INVALID, create());
    options = options_of(2);
    EXPECT(SCALER_SOAM_INVALID, create());
    options = options_of(0);
    options.priority = 10001;
    EXPECT(SCALER_SOAM_INVALID, create());
    options.priority = 0;
    options.flags = 1;
    EXPECT(SCALER_SOAM_INVALID, create());
    options.flags = 0;
    EXPECT(SCALER_SOAM_INVALID, api->session_create(connection, &options, nullptr, &session, &error));
    EXPECT(SCALER_SOAM_INVALID, api->session_create(connection, nullptr, &callbacks, &session, &error));
    EXPECT(SCALER_SOAM_OK, create());

    scaler_soam_id id{};
    const std::uint8_t byte = 0;
    EXPECT(SCALER_SOAM_INVALID, api->task_submit(session, nullptr, &byte, std::uint64_t(1) << 31, &id, &error));
    CHECK(std::strcmp(error.message, "the input has 2147483648 bytes, at most 2147483647 fit") == 0);
    EXPECT(SCALER_SOAM_INVALID, api->task_submit(session, nullptr, nullptr, 1, &id, &error));
    EXPECT(SCALER_SOAM_INVALID, api->task_submit(session, nullptr, &byte, 1, nullptr, &error));
    EXPECT(SCALER_SOAM_INVALID, api->task_submit(nullptr, nullptr, &byte, 1, &id, &error));
    EXPECT(SCALER_SOAM_UNSUPPORTED, api->task_cancel(session, "1", &error));
    // Consumed although it is not known how.
    EXPECT(SCALER_SOAM_INVALID, api->session_close(session, 5, &error));
    EXPECT(SCALER_SOAM_INVALID, api->session_close(session, SCALER_SOAM_DESTROY, &error));

    {
        const Double settings{{"CLOSE_FAILS", "1"}};
        EXPECT(SCALER_SOAM_OK, create());
        EXPECT(SCALER_SOAM_FAILED, api->session_close(session, SCALER_SOAM_DESTROY, &error));
        EXPECT(SCALER_SOAM_FAILED, api->connection_close(connection, &error));
    }
    EXPECT(SCALER_SOAM_INVALID, api->connection_close(connection, &error));
}

void check_ids()
{
    scaler_soam_error error = fresh_error();
    scaler_soam_id id{};
    for (const bool fits : {true, false}) {
        const Double settings{{"ID_LENGTH", fits ? "127" : "128"}};
        const scaler_soam_status status = fits ? SCALER_SOAM_OK : SCALER_SOAM_FAILED;
        scaler_soam_connection *const connection = connected();
        // The name of a connection of the double has a few letters in front.
        EXPECT(SCALER_SOAM_FAILED, api->connection_id(connection, &id, &error));
        CHECK(id.text[0] == '\0');
        Tasks tasks;
        tasks.create(connection);
        EXPECT(status, api->session_id(tasks.session, &id, &error));
        CHECK(std::strlen(id.text) == (fits ? 127 : 0));
        EXPECT(status, api->task_submit(tasks.session, nullptr, nullptr, 0, &id, &error));
        CHECK(std::strlen(id.text) == (fits ? 127 : 0));
        tasks.close(SCALER_SOAM_DESTROY);
        EXPECT(SCALER_SOAM_OK, api->connection_close(connection, &error));
    }
    scaler_soam_connection *const connection = connected();
    EXPECT(SCALER_SOAM_OK, api->connection_id(connection, &id, &error));
    CHECK(std::strncmp(id.text, "connection-", 11) == 0);
    EXPECT(SCALER_SOAM_OK, api->connection_close(connection, &error));
}

void check_codecs()
{
    scaler_soam_error error = fresh_error();
    scaler_soam_connection *const connection = connected();
    for (const std::uint32_t codec : {SCALER_SOAM_CODEC_BYTE_ARRAY, SCALER_SOAM_CODEC_RAW}) {
        Tasks tasks;
        tasks.create(connection, codec);
        for (const std::size_t length : {0, 1, 2, 4, 5, 255, 70000}) {
            CHECK(tasks.submit(std::string(length, '\0') + "x", error));
            CHECK(tasks.submit(std::string(length, '\xFF'), error));
        }
        tasks.settle(0);
        tasks.close(SCALER_SOAM_DESTROY);
    }
    const Double settings{{"NOOP", "1"}, {"ANSWER", "80034e2e"}};
    Tasks tasks;
    tasks.check_payload = false;
    tasks.create(connection);
    for (int task = 0; task < 1000; ++task) {
        CHECK(tasks.submit("anything", error));
    }
    tasks.settle(0);
    tasks.close(SCALER_SOAM_DESTROY);
    EXPECT(SCALER_SOAM_OK, api->connection_close(connection, &error));
}

void check_sessions()
{
    scaler_soam_error error = fresh_error();
    scaler_soam_connection *const connection = connected();
    for (const char *errors : {"1", "3"}) {
        // The double goes on with outputs behind the error, and tells it more than once: neither gets through.
        const Double settings{{"SESSION_ERROR_AFTER", "50"}, {"SESSION_ERRORS", errors}, {"SLOW_EVERY", "2"}};
        Tasks tasks;
        tasks.create(connection);
        while (tasks.submit("task", error)) {
        }
        CHECK(error.status == SCALER_SOAM_LOST && tasks.in == 50);
        tasks.wait_for_session_error();
        tasks.close(SCALER_SOAM_DESTROY);
        CHECK(tasks.session_errors == 1 && tasks.after_session_error == 0);
    }
    // Detached with outputs that nobody has heard of, and some that somebody has; opened again, all of them come.
    const Double settings{{"HISTORY", "1"}, {"THREADS", "2"}, {"SLOW_EVERY", "10"}, {"SLOW_US", "2000"}};
    Tasks tasks;
    tasks.create(connection);
    const std::string id = tasks.id();
    for (int task = 0; task < 200; ++task) {
        CHECK(tasks.submit("task " + std::to_string(task), error));
    }
    tasks.close(SCALER_SOAM_DETACH);
    const unsigned long before = tasks.out;
    tasks.open(connection, id);
    tasks.settle(before);
    CHECK(tasks.out == 200 && tasks.answered_twice == 0);
    tasks.close(SCALER_SOAM_DESTROY);
    EXPECT(SCALER_SOAM_OK, api->connection_close(connection, &error));
}

void check_end()
{
    scaler_soam_error error = fresh_error();
    EXPECT(SCALER_SOAM_OK, api->shutdown(&error));
    EXPECT(SCALER_SOAM_OK, api->shutdown(&error));
    EXPECT(SCALER_SOAM_INVALID, api->initialize(&error));
    scaler_soam_connection *connection = nullptr;
    EXPECT(SCALER_SOAM_INVALID, api->connect("ScalerService", "Guest", "Guest", &connection, &error));
}
