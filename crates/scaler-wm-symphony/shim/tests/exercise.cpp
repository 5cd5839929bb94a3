// Drives the ABI from many threads over the double of soam.h. Loads the library as scaler-wm does.
//
//   exercise LIBRARY [--tasks N] [--rounds N] [--threads N] [--verbose]
//
// Prints what came of the tasks and exits with 0, or says what is wrong and does not.

#include <dlfcn.h>

#include <atomic>
#include <thread>

#include "harness.h"

namespace {

const unsigned long FAIL_EVERY = 17, TWICE_EVERY = 13, EARLY_EVERY = 11, REFUSE_EVERY = 101, SLOW_EVERY = 997;

struct Arguments {
    const char *library = nullptr;
    unsigned long tasks = 100000, rounds = 200, threads = 4;
    bool verbose = false;
};

Arguments parse(int count, char **values)
{
    Arguments arguments;
    for (int at = 1; at < count; ++at) {
        const std::string name = values[at];
        const bool more = at + 1 < count;
        if (name == "--verbose") {
            arguments.verbose = true;
        } else if (name == "--tasks" && more) {
            arguments.tasks = std::strtoul(values[++at], nullptr, 10);
        } else if (name == "--rounds" && more) {
            arguments.rounds = std::strtoul(values[++at], nullptr, 10);
        } else if (name == "--threads" && more) {
            arguments.threads = std::strtoul(values[++at], nullptr, 10);
        } else if (arguments.library == nullptr && name.compare(0, 2, "--") != 0) {
            arguments.library = values[at];
        } else {
            give_up(__FILE__, __LINE__, "what is " + name + "?");
        }
    }
    CHECK(arguments.library != nullptr && arguments.threads > 0);
    return arguments;
}

// Of every length from nothing to a few hundred bytes, zero bytes included.
std::string payload_of(unsigned long number)
{
    std::string payload(number % 257, static_cast<char>(number));
    for (std::size_t at = 0; at < payload.size() && at < sizeof number; ++at) {
        payload[at] = static_cast<char>(number >> (8 * at));
    }
    return payload;
}

// All tasks through two sessions of one connection, each thread through both.
void exercise(const Arguments &arguments)
{
    const Double settings{{"THREADS", "4"},
                          {"FAIL_EVERY", std::to_string(FAIL_EVERY)},
                          {"TWICE_EVERY", std::to_string(TWICE_EVERY)},
                          {"EARLY_EVERY", std::to_string(EARLY_EVERY)},
                          {"SLOW_EVERY", std::to_string(SLOW_EVERY)},
                          {"REFUSE_EVERY", std::to_string(REFUSE_EVERY)}};
    scaler_soam_connection *const connection = connected();
    Tasks sessions[2];
    for (Tasks &tasks : sessions) {
        tasks.create(connection);
    }
    std::atomic<unsigned long> next(0), refused(0);
    std::vector<std::thread> threads;
    for (unsigned long thread = 0; thread < arguments.threads; ++thread) {
        threads.emplace_back([&] {
            scaler_soam_error error = fresh_error();
            for (unsigned long task = next++; task < arguments.tasks; task = next++) {
                while (!sessions[task % 2].submit(payload_of(task), error)) {
                    CHECK(error.status == SCALER_SOAM_FAILED && error.soam_code == 77);
                    CHECK(std::strcmp(error.message, "the task was refused on demand") == 0);
                    ++refused;
                }
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }

    unsigned long in = 0, out = 0, twice = 0, parked = 0, dropped = 0, failed = 0;
    for (Tasks &tasks : sessions) {
        tasks.settle(tasks.in / TWICE_EVERY);
        tasks.close(SCALER_SOAM_DESTROY);
        // What the double was told to do has happened, to the task.
        CHECK(tasks.failed == tasks.in / FAIL_EVERY);
        CHECK(tasks.dropped == tasks.in / TWICE_EVERY);
        CHECK(tasks.session_errors == 0);
        in += tasks.in;
        out += tasks.out;
        twice += tasks.answered_twice;
        parked += tasks.parked;
        dropped += tasks.dropped;
        failed += tasks.failed;
    }
    CHECK(in == arguments.tasks);
    CHECK(arguments.tasks < 1000 || (parked >= in / EARLY_EVERY / 2 && refused > 0));
    scaler_soam_error error = fresh_error();
    EXPECT(SCALER_SOAM_OK, api->connection_close(connection, &error));
    if (arguments.verbose) {
        std::fprintf(stderr, "%lu failed as expected, %lu came early, %lu came again, %lu were refused at first\n",
                     failed, parked, dropped, refused.load());
    }
    std::printf("%lu in, %lu out, %lu lost, %lu twice\n", in, out, in - out, twice);
    CHECK(out == in && twice == 0);
}

} // namespace

int main(int count, char **values)
{
    const Arguments arguments = parse(count, values);
    void *const library = dlopen(arguments.library, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        give_up(__FILE__, __LINE__, dlerror());
    }
    const auto get_api = reinterpret_cast<const scaler_soam_api *(*)(std::uint16_t, std::uint16_t)>(
        dlsym(library, "scaler_soam_get_api"));
    CHECK(get_api != nullptr);
    check_versions(get_api);
    check_before_initialize();
    scaler_soam_error error = fresh_error();
    EXPECT(SCALER_SOAM_OK, api->initialize(&error));
    EXPECT(SCALER_SOAM_OK, api->initialize(&error));
    check_sizes();
    check_errors();
    check_ids();
    check_codecs();
    check_sessions();
    check_gate(arguments.rounds);
    exercise(arguments);
    check_end();
    // Not dlclose: valgrind tells nothing of a library that is gone.
    return 0;
}
