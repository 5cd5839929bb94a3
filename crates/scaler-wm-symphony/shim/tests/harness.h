// What the parts of the exerciser share.
#ifndef SCALER_SOAM_TESTS_HARNESS_H
#define SCALER_SOAM_TESTS_HARNESS_H

#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "scaler_soam.h"

// The table of the library that is exercised.
extern const scaler_soam_api *api;

[[noreturn]] void give_up(const char *file, int line, const std::string &what);

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            give_up(__FILE__, __LINE__, #condition);                                                                   \
        }                                                                                                              \
    } while (false)

// Checks a status, and tells the message where it is another one.
#define EXPECT(status, call) expect(__FILE__, __LINE__, #call, status, call, error)
void expect(const char *file, int line, const char *call, scaler_soam_status wanted, scaler_soam_status got,
            const scaler_soam_error &error);

inline scaler_soam_error fresh_error()
{
    scaler_soam_error error{};
    error.size = sizeof error;
    return error;
}

// Settings of the double for as long as this lives. Set while no thread of the double starts a session.
class Double {
public:
    Double(std::initializer_list<std::pair<const char *, std::string>> settings);
    ~Double();
    Double(const Double &) = delete;

private:
    std::vector<std::string> names_;
};

scaler_soam_connection *connected();
scaler_soam_session_options options_of(std::uint32_t codec);

// A session as a caller keeps it: outputs that come before their id are parked, those that come again are dropped.
class Tasks {
public:
    Tasks();
    Tasks(const Tasks &) = delete;

    // Opens a session of its own, or the one with this id.
    void create(scaler_soam_connection *connection, std::uint32_t codec = SCALER_SOAM_CODEC_BYTE_ARRAY);
    void open(scaler_soam_connection *connection, const std::string &id);
    void close(std::int32_t how);
    // Submits once; false if the library has refused the task.
    bool submit(const std::string &payload, scaler_soam_error &error);
    // Waits until no task is outstanding and this many outputs have come twice.
    void settle(unsigned long twice);
    void wait_for_session_error();
    std::string id() const;
    scaler_soam_callbacks callbacks();

    scaler_soam_session *session = nullptr;
    // Counted under the lock; read them when nothing runs.
    unsigned long in = 0, out = 0, failed = 0, dropped = 0, parked = 0, answered_twice = 0, session_errors = 0;
    unsigned long after_session_error = 0;
    bool check_payload = true;

private:
    static void on_output(void *user, const scaler_soam_output *output);
    static void on_session_error(void *user, const scaler_soam_error *error);
    void end(const std::string &id, bool ok, const std::string &data);

    struct Parked {
        bool ok;
        std::string data;
    };
    std::mutex mutex_;
    std::condition_variable changed_;
    std::unordered_map<std::string, std::string> outstanding_;
    std::unordered_set<std::string> ended_;
    std::unordered_map<std::string, Parked> early_;
};

// The parts.
void check_versions(const scaler_soam_api *(*get_api)(std::uint16_t, std::uint16_t));
void check_before_initialize();
void check_sizes();
void check_errors();
void check_ids();
void check_codecs();
void check_sessions();
void check_gate(unsigned long rounds);
void check_end();

#endif
