// Sessions that are closed while callbacks run: none may run or come once close has returned.

#include "harness.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

namespace {

std::atomic<unsigned long> violations(0), calls(0);

// Lives until the end of all rounds, so that a call that should not be is counted and not a crash.
struct Round {
    std::atomic<bool> forbidden{false}, ended{false};
    std::atomic<unsigned long> running{0}, outputs{0};
};

void on_output(void *user, const scaler_soam_output *output)
{
    Round &round = *static_cast<Round *>(user);
    violations += round.forbidden || round.ended ? 1 : 0;
    ++round.running;
    ++calls;
    // Some take their time: that is when close has to wait.
    const unsigned long number = ++round.outputs;
    if (number % 7 == 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(50 * (number % 5)));
    }
    CHECK(output->task != nullptr);
    violations += round.forbidden || round.ended ? 1 : 0;
    --round.running;
}

void on_session_error(void *user, const scaler_soam_error *)
{
    Round &round = *static_cast<Round *>(user);
    violations += round.forbidden || round.ended.exchange(true) ? 1 : 0;
}

scaler_soam_session *session_of(scaler_soam_connection *connection, Round *round)
{
    scaler_soam_error error = fresh_error();
    scaler_soam_session *session = nullptr;
    const scaler_soam_session_options options = options_of(SCALER_SOAM_CODEC_BYTE_ARRAY);
    scaler_soam_callbacks callbacks{};
    callbacks.size = sizeof callbacks;
    callbacks.user = round;
    callbacks.on_output = on_output;
    callbacks.on_session_error = on_session_error;
    EXPECT(SCALER_SOAM_OK, api->session_create(connection, &options, &callbacks, &session, &error));
    return session;
}

void submit(scaler_soam_session *session, unsigned long tasks)
{
    scaler_soam_error error = fresh_error();
    scaler_soam_id id{};
    const std::uint8_t data[] = {1, 2, 3};
    for (unsigned long task = 0; task < tasks; ++task) {
        if (api->task_submit(session, nullptr, data, sizeof data, &id, &error) != SCALER_SOAM_OK) {
            CHECK(error.status == SCALER_SOAM_LOST);
        }
    }
}

// Two threads submit and are done; callbacks are under way when the session is closed.
void play(scaler_soam_connection *connection, Round &round, unsigned long number)
{
    scaler_soam_error error = fresh_error();
    scaler_soam_session *const session = session_of(connection, &round);
    std::thread other([session] { submit(session, 40); });
    submit(session, 40);
    other.join();
    // At another point each time.
    while (round.outputs < number % 23 && !round.ended) {
        std::this_thread::yield();
    }
    const std::int32_t how = number % 2 == 0 ? SCALER_SOAM_DESTROY : SCALER_SOAM_DETACH;
    EXPECT(SCALER_SOAM_OK, api->session_close(session, how, &error));
    violations += round.running;
    round.forbidden = true;
}

// Several threads, each with sessions of its own, one connection for all.
void play_all(unsigned long rounds, std::vector<std::unique_ptr<Round>> &all)
{
    scaler_soam_error error = fresh_error();
    scaler_soam_connection *const connection = connected();
    const std::size_t first = all.size();
    for (unsigned long round = 0; round < rounds; ++round) {
        all.emplace_back(new Round);
    }
    std::atomic<unsigned long> next(0);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            for (unsigned long round = next++; round < rounds; round = next++) {
                play(connection, *all[first + round], round);
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    EXPECT(SCALER_SOAM_OK, api->connection_close(connection, &error));
}

// Of several that close the same session one does, the others are told that it is not open.
void close_together(scaler_soam_connection *connection, Round &round)
{
    scaler_soam_session *const session = session_of(connection, &round);
    submit(session, 50);
    std::atomic<unsigned long> closed(0), refused(0);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            scaler_soam_error error = fresh_error();
            const scaler_soam_status status = api->session_close(session, SCALER_SOAM_DESTROY, &error);
            if (status == SCALER_SOAM_OK) {
                round.forbidden = true;
                ++closed;
            } else {
                CHECK(status == SCALER_SOAM_INVALID);
                ++refused;
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    CHECK(closed == 1 && refused == 3);
}

} // namespace

void check_gate(unsigned long rounds)
{
    std::vector<std::unique_ptr<Round>> all;
    {
        const Double settings{{"THREADS", "3"}};
        play_all(rounds, all);
    }
    {
        // The library goes on with callbacks after its own close: only the gate holds them back.
        const Double settings{{"THREADS", "3"}, {"LATE", "1"}, {"SLOW_EVERY", "5"}, {"SLOW_US", "300"}};
        play_all(rounds / 4, all);
    }
    {
        const Double settings{{"THREADS", "2"}, {"SESSION_ERROR_AFTER", "60"}, {"LATE", "1"}};
        play_all(rounds / 8, all);
    }
    scaler_soam_error error = fresh_error();
    scaler_soam_connection *const connection = connected();
    for (unsigned long round = 0; round < rounds / 10; ++round) {
        all.emplace_back(new Round);
        close_together(connection, *all.back());
    }
    EXPECT(SCALER_SOAM_OK, api->connection_close(connection, &error));
    // Late callbacks of the double get the time to come.
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK(violations == 0);
    CHECK(calls > 0);
    // The rounds outlive the double's threads, which end at shutdown.
    static std::vector<std::unique_ptr<Round>> kept;
    kept.swap(all);
}
