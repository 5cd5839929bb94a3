// The C ABI of ../include/scaler_soam.h over the C++ client library of IBM Spectrum Symphony (soam.h).
//
// C++14 and not later: soam.h has dynamic exception specifications, which C++17 refuses.
//
// Written after IBM's public documents for 4.1 to 7.3.2. README.md lists what could not be verified without the SDK.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <soam.h>

#include "scaler_soam.h"

#include "receiver.h"

using namespace soam;
using namespace scaler_soam;

namespace {

// The library takes lengths as an unsigned int; Python and Java read them as a signed one.
const std::uint64_t LONGEST = std::numeric_limits<std::int32_t>::max();

// The security callback has to outlive the connection: members go in the opposite order.
struct Link {
    Link(const char *user, const char *password) : security(user, password) {}

    DefaultSecurityCallback security;
    ConnectionPtr connection;
};

// What belongs to the process.
struct Library {
    enum class State { fresh, ready, over };

    std::mutex mutex;
    State state = State::fresh;
    // Connections and sessions that nobody has closed yet.
    std::set<const void *> open;
    std::vector<std::unique_ptr<Receiver>> receivers;
    // Links that could not be closed properly: the library may go on with them.
    std::vector<std::shared_ptr<Link>> broken;

    void add(const void *handle)
    {
        const std::lock_guard<std::mutex> lock(mutex);
        open.insert(handle);
    }

    bool remove(const void *handle)
    {
        const std::lock_guard<std::mutex> lock(mutex);
        return open.erase(handle) == 1;
    }
};

// Never destroyed: threads of the library may still run while the process ends.
Library &library()
{
    static Library *const it = new Library;
    return *it;
}

void name(scaler_soam_id *id, const char *text, const char *whose)
{
    refuse_if(text == nullptr, std::string("the library gives no id for the ") + whose, SCALER_SOAM_FAILED);
    const std::size_t length = std::strlen(text);
    refuse_if(length >= sizeof id->text,
              std::string("the id of the ") + whose + " has " + std::to_string(length) + " bytes, at most " +
                  std::to_string(sizeof id->text - 1) + " fit: " + text,
              SCALER_SOAM_FAILED);
    std::memcpy(id->text, text, length + 1);
}

// As much of a structure as its owner has; the rest is zero.
template <class T> T read(const T *from, std::size_t least, const char *what)
{
    refuse_if(from == nullptr, std::string(what) + " are NULL");
    refuse_if(from->size < least, std::string(what) + " are too short: size has " + std::to_string(from->size) +
                                      ", it takes at least " + std::to_string(least));
    // Whole members only: half a pointer is none.
    const std::size_t known = std::min<std::size_t>(from->size, sizeof(T)) / alignof(T) * alignof(T);
    T copy{};
    std::memcpy(static_cast<void *>(&copy), from, known);
    return copy;
}

scaler_soam_callbacks read(const scaler_soam_callbacks *from)
{
    const std::size_t least = offsetof(scaler_soam_callbacks, on_output) + sizeof from->on_output;
    const scaler_soam_callbacks copy = read(from, least, "the callbacks");
    refuse_if(copy.flags != 0, "the callbacks have flags that are not known");
    refuse_if(copy.on_output == nullptr, "on_output is NULL");
    return copy;
}

scaler_soam_session_options read(const scaler_soam_session_options *from)
{
    const std::size_t least = offsetof(scaler_soam_session_options, type) + sizeof from->type;
    const scaler_soam_session_options copy = read(from, least, "the options");
    refuse_if(copy.name == nullptr || copy.type == nullptr, "the name or the type of the session is NULL");
    refuse_if(copy.priority < 0 || copy.priority > 10000, "the priority is not within 1 and 10000");
    refuse_if(copy.flags != 0, "the options have flags that are not known");
    return copy;
}

} // namespace

struct scaler_soam_connection {
    std::shared_ptr<Link> link;
};

struct scaler_soam_session {
    std::shared_ptr<Link> link;
    Receiver *receiver;
    SessionPtr session;
};

namespace {

// What is the same for a session that is made and for one that is opened.
template <class Begin>
scaler_soam_status begin(scaler_soam_connection *connection, const scaler_soam_callbacks *callbacks,
                         std::uint32_t codec, scaler_soam_session **session, scaler_soam_error *error, Begin begin)
{
    return guarded(error, Doing::working, [&] {
        refuse_if(connection == nullptr || session == nullptr, "connection or session is NULL");
        refuse_if(codec != SCALER_SOAM_CODEC_BYTE_ARRAY && codec != SCALER_SOAM_CODEC_RAW, "the codec is not known");
        std::unique_ptr<Receiver> receiver(new Receiver(read(callbacks), codec));
        std::unique_ptr<scaler_soam_session> made(new scaler_soam_session{connection->link, receiver.get(), {}});
        {
            const std::lock_guard<std::mutex> lock(library().mutex);
            library().receivers.push_back(std::move(receiver));
            library().open.insert(made.get());
        }
        try {
            made->session = begin(*made);
            refuse_if(made->session == nullptr, "the library has given no session", SCALER_SOAM_FAILED);
        } catch (...) {
            // The caller's user pointer is its own again: nothing may be called with it.
            made->receiver->close();
            library().remove(made.get());
            throw;
        }
        *session = made.release();
    });
}

} // namespace

extern "C" {

static scaler_soam_status initialize(scaler_soam_error *error) noexcept
{
    return guarded(error, Doing::connecting, [] {
        const std::lock_guard<std::mutex> lock(library().mutex);
        refuse_if(library().state == Library::State::over, "the library was shut down, that is for good");
        SoamFactory::initialize();
        library().state = Library::State::ready;
    });
}

static scaler_soam_status shut_down(scaler_soam_error *error) noexcept
{
    return guarded(error, Doing::working, [] {
        const std::lock_guard<std::mutex> lock(library().mutex);
        refuse_if(!library().open.empty(), "connections or sessions are still open");
        const Library::State before = library().state;
        library().state = Library::State::over;
        if (before == Library::State::ready) {
            SoamFactory::uninitialize();
            // Only now nothing of the library runs any more.
            library().receivers.clear();
            library().broken.clear();
        }
    });
}

static scaler_soam_status connect(const char *application, const char *user, const char *password,
                                  scaler_soam_connection **connection, scaler_soam_error *error) noexcept
{
    if (connection != nullptr) {
        *connection = nullptr;
    }
    return guarded(error, Doing::connecting, [&] {
        refuse_if(application == nullptr || user == nullptr || password == nullptr || connection == nullptr,
                  "application, user, password or connection is NULL");
        {
            const std::lock_guard<std::mutex> lock(library().mutex);
            refuse_if(library().state != Library::State::ready, "the library is not initialized");
        }
        std::unique_ptr<scaler_soam_connection> made(new scaler_soam_connection);
        made->link = std::make_shared<Link>(user, password);
        made->link->connection = SoamFactory::connect(application, &made->link->security);
        refuse_if(made->link->connection == nullptr, "the library has given no connection", SCALER_SOAM_FAILED);
        library().add(made.get());
        *connection = made.release();
    });
}

static scaler_soam_status connection_id(scaler_soam_connection *connection, scaler_soam_id *id,
                                        scaler_soam_error *error) noexcept
{
    return guarded(error, Doing::working, [&] {
        refuse_if(connection == nullptr || id == nullptr, "connection or id is NULL");
        id->text[0] = '\0';
        name(id, connection->link->connection->getId(), "connection");
    });
}

static scaler_soam_status connection_close(scaler_soam_connection *connection, scaler_soam_error *error) noexcept
{
    return guarded(error, Doing::working, [&] {
        refuse_if(!library().remove(connection), "the connection is not open");
        const std::unique_ptr<scaler_soam_connection> owned(connection);
        try {
            owned->link->connection->close();
        } catch (...) {
            const std::lock_guard<std::mutex> lock(library().mutex);
            library().broken.push_back(owned->link);
            throw;
        }
    });
}

static scaler_soam_status session_create(scaler_soam_connection *connection, const scaler_soam_session_options *options,
                                         const scaler_soam_callbacks *callbacks, scaler_soam_session **session,
                                         scaler_soam_error *error) noexcept
{
    if (session != nullptr) {
        *session = nullptr;
    }
    scaler_soam_session_options wanted{};
    const scaler_soam_status status = guarded(error, Doing::working, [&] { wanted = read(options); });
    if (status != SCALER_SOAM_OK) {
        return status;
    }
    return begin(connection, callbacks, wanted.codec, session, error, [&wanted](scaler_soam_session &made) {
        SessionCreationAttributes attributes;
        attributes.setSessionName(wanted.name);
        attributes.setSessionType(wanted.type);
        attributes.setSessionFlags(Session::SendSync | Session::ReceiveAsync);
        attributes.setSessionCallback(made.receiver);
        if (wanted.tag != nullptr) {
            attributes.setSessionTag(wanted.tag);
        }
        if (wanted.service != nullptr) {
            attributes.setServiceName(wanted.service);
        }
        if (wanted.priority != 0) {
            attributes.setSessionPriority(wanted.priority);
        }
        return SessionPtr(made.link->connection->createSession(attributes));
    });
}

static scaler_soam_status session_open(scaler_soam_connection *connection, const char *id, uint32_t codec,
                                       const scaler_soam_callbacks *callbacks, scaler_soam_session **session,
                                       scaler_soam_error *error) noexcept
{
    if (session != nullptr) {
        *session = nullptr;
    }
    if (id == nullptr) {
        return fill(error, SCALER_SOAM_INVALID, 0, "", "the id of the session is NULL");
    }
    return begin(connection, callbacks, codec, session, error, [id](scaler_soam_session &made) {
        SessionOpenAttributes attributes;
        attributes.setSessionId(id);
        attributes.setSessionFlags(Session::SendSync | Session::ReceiveAsync);
        attributes.setSessionCallback(made.receiver);
        return SessionPtr(made.link->connection->openSession(attributes));
    });
}

static scaler_soam_status session_id(scaler_soam_session *session, scaler_soam_id *id,
                                     scaler_soam_error *error) noexcept
{
    return guarded(error, Doing::working, [&] {
        refuse_if(session == nullptr || id == nullptr, "session or id is NULL");
        id->text[0] = '\0';
        name(id, session->session->getId(), "session");
    });
}

static scaler_soam_status session_close(scaler_soam_session *session, int32_t how, scaler_soam_error *error) noexcept
{
    // Only one of several that close the same session gets past this.
    const scaler_soam_status mine = guarded(error, Doing::working, [&] {
        refuse_if(!library().remove(session), "the session is not open");
    });
    if (mine != SCALER_SOAM_OK) {
        return mine;
    }
    const std::unique_ptr<scaler_soam_session> owned(session);
    owned->receiver->hush();
    const scaler_soam_status status = guarded(error, Doing::working, [&] {
        // What is not known is detached: that destroys nothing.
        const bool destroy = how == SCALER_SOAM_DESTROY;
        owned->session->close(destroy ? Session::DestroyOnClose : Session::DetachOnClose);
        refuse_if(!destroy && how != SCALER_SOAM_DETACH, "how to close the session is not known; it was detached");
    });
    // After the library, not before it: the library may count an output as collected once its callback has returned,
    // so one that was kept out here would be lost to whoever opens the session again.
    owned->receiver->close();
    return status;
}

static scaler_soam_status task_submit(scaler_soam_session *session, const char *tag, const uint8_t *data,
                                      uint64_t length, scaler_soam_id *id, scaler_soam_error *error) noexcept
{
    return guarded(error, Doing::working, [&] {
        refuse_if(session == nullptr || id == nullptr, "session or id is NULL");
        id->text[0] = '\0';
        refuse_if(data == nullptr && length != 0, "data is NULL");
        refuse_if(session->receiver->lost(), "the session has ended by itself", SCALER_SOAM_LOST);
        refuse_if(length > LONGEST, "the input has " + std::to_string(length) + " bytes, at most " +
                                        std::to_string(LONGEST) + " fit");
        static const uint8_t nothing = 0;
        const uint8_t *const bytes = data == nullptr ? &nothing : data;
        TaskSubmissionAttributes attributes;
        if (tag != nullptr) {
            attributes.setTaskTag(tag);
        }
        // The message may go as soon as sendTaskInput has returned: the session sends synchronously.
        TaskInputHandlePtr handle;
        if (session->receiver->codec() == SCALER_SOAM_CODEC_RAW) {
            RawMessage message(bytes, length);
            attributes.setTaskInput(&message);
            handle = session->session->sendTaskInput(attributes);
        } else {
            DefaultByteArrayMessage message(bytes, static_cast<SoamUInt>(length), false);
            attributes.setTaskInput(&message);
            handle = session->session->sendTaskInput(attributes);
        }
        refuse_if(handle == nullptr, "the library has given no handle of the task", SCALER_SOAM_FAILED);
        name(id, handle->getId(), "task");
    });
}

static scaler_soam_status task_cancel(scaler_soam_session *, const char *, scaler_soam_error *error) noexcept
{
    return fill(error, SCALER_SOAM_UNSUPPORTED, 0, "", "the client library has no documented call that ends one task");
}

__attribute__((visibility("default"))) const scaler_soam_api *scaler_soam_get_api(uint16_t major, uint16_t minor)
{
    static const scaler_soam_api table = {
        sizeof(scaler_soam_api), SCALER_SOAM_MAJOR, SCALER_SOAM_MINOR, initialize,   shut_down,
        connect,                 connection_id,     connection_close,  session_create, session_open,
        session_id,              session_close,     task_submit,       task_cancel,
    };
    return major == SCALER_SOAM_MAJOR && minor <= SCALER_SOAM_MINOR ? &table : nullptr;
}
}
