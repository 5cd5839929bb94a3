#include <soam.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>

#include "engine.h"

// C++14 calls the specifications deprecated; the double has them because the library has them.
#pragma GCC diagnostic ignored "-Wdeprecated"

namespace soam {

namespace {

// What belongs to the process: sessions that were detached, and such as still deliver after they were closed.
struct Process {
    std::mutex mutex;
    unsigned long connections = 0, sessions = 0;
    std::map<std::string, std::deque<Item>> detached;
    std::vector<std::shared_ptr<Engine>> late;
};

Process &process()
{
    static Process it;
    return it;
}

} // namespace

void OutputStream::writeBytes(const void *bytes, unsigned long length) throw(SoamException)
{
    written.append(static_cast<const char *>(bytes), length);
}

void InputStream::readBytes(void *to, unsigned long length) throw(SoamException)
{
    if (length > bytes_.size() - at_) {
        throw SoamException(2001, "the stream has no more bytes");
    }
    std::memcpy(to, bytes_.data() + at_, length);
    at_ += length;
}

DefaultByteArrayMessage::DefaultByteArrayMessage(const void *bytes, SoamUInt length, SoamBool copy)
    : bytes_(static_cast<const char *>(bytes)), length_(length)
{
    if (copy) {
        own_.assign(bytes_, length_);
        bytes_ = own_.data();
    }
}

void DefaultByteArrayMessage::onSerialize(OutputStreamPtr &stream) throw(SoamException)
{
    const std::uint32_t length = length_;
    stream->writeBytes(&length, sizeof length);
    stream->writeBytes(bytes_, length_);
}

void DefaultByteArrayMessage::onDeserialize(InputStreamPtr &stream) throw(SoamException)
{
    std::uint32_t length = 0;
    stream->readBytes(&length, sizeof length);
    own_.resize(length);
    if (length != 0) {
        stream->readBytes(&own_[0], length);
    }
    bytes_ = own_.data();
    length_ = length;
}

void DefaultByteArrayMessage::getByteArray(char *&bytes, SoamUInt &length, SoamBool copy) const
{
    bytes = const_cast<char *>(bytes_);
    length = length_;
    if (copy) {
        bytes = new char[length_];
        std::memcpy(bytes, bytes_, length_);
    }
}

void TaskOutputHandle::populateTaskOutput(Message *message) const throw(SoamException)
{
    if (!ok_) {
        throw SoamException(2002, "a task that has failed has no output");
    }
    InputStreamPtr stream = new InputStream(bytes_);
    message->onDeserialize(stream);
}

SoamException *TaskOutputHandle::getException() const throw(SoamException)
{
    SoamException *const exception = new SoamException(2003, "the task has failed on demand", "FatalException");
    exception->embed(new SoamException(5, "words of the service", "FailureException"));
    return exception;
}

Session::~Session()
{
    // A session that nobody has closed ends with its last pointer. Guess; the shim closes each of them.
    if (engine_) {
        engine_->stop();
        engine_->join();
    }
}

const char *Session::getId() const throw(SoamException)
{
    return engine_->id().c_str();
}

TaskInputHandle *Session::sendTaskInput(TaskSubmissionAttributes &attributes) throw(SoamException)
{
    OutputStreamPtr stream = new OutputStream;
    attributes.input->onSerialize(stream);
    return new TaskInputHandle(engine_->take(std::move(stream->written)));
}

void Session::close(unsigned long flags) throw(SoamException)
{
    const bool late = engine_->settings().late;
    engine_->stop();
    // Guess: that the library waits for callbacks which run. The late setting is the other guess.
    if (!late) {
        engine_->join();
    }
    const std::lock_guard<std::mutex> lock(process().mutex);
    if (flags == DetachOnClose && !late) {
        process().detached[engine_->id()] = engine_->remains();
    }
    const bool fails = engine_->settings().close_fails;
    if (late) {
        process().late.push_back(engine_);
    }
    engine_.reset();
    if (fails) {
        throw SoamException(2004, "the session does not close, on demand");
    }
}

Session *Connection::createSession(SessionCreationAttributes &attributes) throw(SoamException)
{
    if (attributes.type != "RecoverableAllHistoricalData" && !attributes.type.empty()) {
        throw SoamException(2005, "the session type " + attributes.type + " is not defined in the application profile");
    }
    if (attributes.flags != (Session::SendSync | Session::ReceiveAsync) || attributes.callback == nullptr) {
        throw SoamException(2006, "the double knows sessions of SendSync | ReceiveAsync with a callback only");
    }
    const Settings settings;
    std::string id;
    {
        const std::lock_guard<std::mutex> lock(process().mutex);
        id = id_of(++process().sessions, settings.id_length);
    }
    return new Session(std::make_shared<Engine>(id, attributes.callback, settings));
}

Session *Connection::openSession(const SessionOpenAttributes &attributes) throw(SoamException)
{
    std::deque<Item> outputs;
    {
        const std::lock_guard<std::mutex> lock(process().mutex);
        const auto found = process().detached.find(attributes.id);
        if (found == process().detached.end()) {
            throw SoamException(2007, "the session " + attributes.id + " was not found");
        }
        outputs.swap(found->second);
        process().detached.erase(found);
    }
    const std::shared_ptr<Engine> engine = std::make_shared<Engine>(attributes.id, attributes.callback, Settings());
    // Before this returns: outputs of a session that is opened may come at once.
    engine->restore(outputs);
    return new Session(engine);
}

Connection::~Connection()
{
    security_->password();
}

void Connection::close() throw(SoamException)
{
    security_->password();
    if (setting("CLOSE_FAILS") == "1") {
        throw SoamException(2008, "the connection does not close, on demand");
    }
}

void SoamFactory::initialize() throw(SoamException) {}

void SoamFactory::uninitialize() throw(SoamException)
{
    std::vector<std::shared_ptr<Engine>> late;
    {
        const std::lock_guard<std::mutex> lock(process().mutex);
        late.swap(process().late);
        process().detached.clear();
    }
    for (const std::shared_ptr<Engine> &engine : late) {
        engine->join();
    }
}

// Guess: all numbers and all words of errors.
Connection *SoamFactory::connect(const char *application, SecurityCallback *security)
{
    const std::string how = setting("CONNECT");
    if (how == "refused") {
        throw SoamException(SoamException::CONNECTION_ERROR, "cannot reach the session director");
    }
    if (how == "words") {
        throw SoamException(2010, "connection refused by the session director");
    }
    if (how == "foreign") {
        throw std::runtime_error("not an exception of the library");
    }
    if (how == "number") {
        throw 42;
    }
    const std::string words = setting("CONNECT_SAYS");
    if (!words.empty()) {
        throw SoamException(2013, words);
    }
    const std::string expected = setting("PASSWORD");
    if (!expected.empty() && security->password() != expected) {
        throw SoamException(2011, "Authentication of the user failed");
    }
    const std::string known = setting("APPLICATION");
    if (!known.empty() && known != application) {
        throw SoamException(2012, std::string("the application ") + application + " is not registered");
    }
    const std::lock_guard<std::mutex> lock(process().mutex);
    return new Connection("connection-" + id_of(++process().connections, Settings().id_length), security);
}

} // namespace soam
