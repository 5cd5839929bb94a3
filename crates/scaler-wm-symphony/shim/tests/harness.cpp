#include "harness.h"

#include <chrono>

const scaler_soam_api *api = nullptr;

void give_up(const char *file, int line, const std::string &what)
{
    std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
    // Not exit: threads of the double may run.
    std::_Exit(1);
}

void expect(const char *file, int line, const char *call, scaler_soam_status wanted, scaler_soam_status got,
            const scaler_soam_error &error)
{
    if (wanted == got && (wanted == SCALER_SOAM_OK || error.status == got)) {
        return;
    }
    give_up(file, line, std::string(call) + " is " + std::to_string(got) + ", not " + std::to_string(wanted) +
                            "; error " + std::to_string(error.status) + ": " + error.message);
}

Double::Double(std::initializer_list<std::pair<const char *, std::string>> settings)
{
    for (const auto &setting : settings) {
        names_.push_back(std::string("SOAM_DOUBLE_") + setting.first);
        setenv(names_.back().c_str(), setting.second.c_str(), 1);
    }
}

Double::~Double()
{
    for (const std::string &name : names_) {
        unsetenv(name.c_str());
    }
}

scaler_soam_connection *connected()
{
    scaler_soam_error error = fresh_error();
    scaler_soam_connection *connection = nullptr;
    // Longer than what a string of C++ keeps within itself: a tool sees when it is read after it has gone.
    const char *const password = "the password of somebody who likes long ones";
    EXPECT(SCALER_SOAM_OK, api->connect("ScalerService", "Guest", password, &connection, &error));
    CHECK(connection != nullptr);
    return connection;
}

scaler_soam_session_options options_of(std::uint32_t codec)
{
    scaler_soam_session_options options{};
    options.size = sizeof options;
    options.codec = codec;
    options.name = "ScalerSession";
    options.type = "RecoverableAllHistoricalData";
    options.tag = "exercise";
    options.service = "ScalerService";
    options.priority = 7;
    return options;
}

Tasks::Tasks() {}

scaler_soam_callbacks Tasks::callbacks()
{
    scaler_soam_callbacks callbacks{};
    callbacks.size = sizeof callbacks;
    callbacks.user = this;
    callbacks.on_output = on_output;
    callbacks.on_session_error = on_session_error;
    return callbacks;
}

void Tasks::create(scaler_soam_connection *connection, std::uint32_t codec)
{
    scaler_soam_error error = fresh_error();
    const scaler_soam_session_options options = options_of(codec);
    const scaler_soam_callbacks how = callbacks();
    EXPECT(SCALER_SOAM_OK, api->session_create(connection, &options, &how, &session, &error));
    CHECK(session != nullptr);
}

void Tasks::open(scaler_soam_connection *connection, const std::string &id)
{
    scaler_soam_error error = fresh_error();
    const scaler_soam_callbacks how = callbacks();
    EXPECT(SCALER_SOAM_OK, api->session_open(connection, id.c_str(), SCALER_SOAM_CODEC_BYTE_ARRAY, &how, &session,
                                             &error));
}

void Tasks::close(std::int32_t how)
{
    scaler_soam_error error = fresh_error();
    EXPECT(SCALER_SOAM_OK, api->session_close(session, how, &error));
    session = nullptr;
}

std::string Tasks::id() const
{
    scaler_soam_error error = fresh_error();
    scaler_soam_id id{};
    EXPECT(SCALER_SOAM_OK, api->session_id(session, &id, &error));
    return id.text;
}

bool Tasks::submit(const std::string &payload, scaler_soam_error &error)
{
    scaler_soam_id id{};
    // A copy of exactly this length, gone right after: whoever reads later or further is found by valgrind and ASan.
    std::vector<std::uint8_t> bytes(payload.begin(), payload.end());
    const std::uint8_t *const data = bytes.empty() ? nullptr : bytes.data();
    if (api->task_submit(session, "tag", data, bytes.size(), &id, &error) != SCALER_SOAM_OK) {
        CHECK(id.text[0] == '\0');
        return false;
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    ++in;
    CHECK(outstanding_.emplace(id.text, payload).second);
    const auto early = early_.find(id.text);
    if (early != early_.end()) {
        const Parked parked = early->second;
        early_.erase(early);
        end(id.text, parked.ok, parked.data);
    }
    return true;
}

void Tasks::settle(unsigned long twice)
{
    std::unique_lock<std::mutex> lock(mutex_);
    const bool done = changed_.wait_for(lock, std::chrono::minutes(10), [this, twice] {
        return out == in && early_.empty() && dropped >= twice;
    });
    if (!done) {
        give_up(__FILE__, __LINE__, std::to_string(in - out) + " tasks have no output");
    }
}

void Tasks::wait_for_session_error()
{
    std::unique_lock<std::mutex> lock(mutex_);
    CHECK(changed_.wait_for(lock, std::chrono::minutes(1), [this] { return session_errors != 0; }));
}

// Under the lock.
void Tasks::end(const std::string &id, bool ok, const std::string &data)
{
    const auto found = outstanding_.find(id);
    CHECK(found != outstanding_.end());
    CHECK(!ok || !check_payload || found->second == data);
    outstanding_.erase(found);
    answered_twice += ended_.insert(id).second ? 0 : 1;
    ++out;
    failed += ok ? 0 : 1;
    changed_.notify_all();
}

void Tasks::on_output(void *user, const scaler_soam_output *output)
{
    Tasks &self = *static_cast<Tasks *>(user);
    CHECK(output->size == sizeof *output);
    CHECK(output->tag == nullptr);
    CHECK((output->length == 0) == (output->data == nullptr));
    if (output->ok != 0) {
        CHECK(output->error == nullptr);
    } else {
        CHECK(output->data == nullptr && output->error != nullptr && output->error->size == sizeof *output->error);
        CHECK(output->error->status == SCALER_SOAM_FAILED && output->error->soam_code == 2003);
        CHECK(std::strcmp(output->error->type, "FatalException") == 0);
        CHECK(std::strcmp(output->error->message, "the task has failed on demand: words of the service") == 0);
    }
    const std::string data(reinterpret_cast<const char *>(output->data ? output->data : user), output->length);

    const std::lock_guard<std::mutex> lock(self.mutex_);
    self.after_session_error += self.session_errors;
    if (self.outstanding_.count(output->task) != 0) {
        self.end(output->task, output->ok != 0, data);
    } else if (self.ended_.count(output->task) != 0 || self.early_.count(output->task) != 0) {
        ++self.dropped;
        self.changed_.notify_all();
    } else {
        ++self.parked;
        self.early_[output->task] = Parked{output->ok != 0, data};
    }
}

void Tasks::on_session_error(void *user, const scaler_soam_error *error)
{
    Tasks &self = *static_cast<Tasks *>(user);
    CHECK(error->size == sizeof *error && error->status == SCALER_SOAM_LOST && error->soam_code == 1001);
    CHECK(std::strcmp(error->message, "the session was aborted on demand") == 0);
    const std::lock_guard<std::mutex> lock(self.mutex_);
    ++self.session_errors;
    self.changed_.notify_all();
}
