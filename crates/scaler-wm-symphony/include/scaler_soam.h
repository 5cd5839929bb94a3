/*
 * The border between scaler-wm and the client library of IBM Spectrum Symphony ("SOAM").
 *
 * IBM's library is C++: classes, reference counted pointers, exceptions. None of that crosses this border. A shared
 * library that implements it exports one function, scaler_soam_get_api, which hands out a table of functions. scaler-wm
 * loads the library by name at run time and knows nothing else of it.
 *
 * Versions. A table has a major and a minor version. Within one major version a minor one only appends: members to the
 * end of structures, functions to the end of the table, values to lists of values. Every structure that may grow begins
 * with its own size in bytes, as whoever filled it in knows it; nobody reads beyond that size.
 *
 * Text is UTF-8 and ends with a NUL. A pointer to text that says "or NULL" may be NULL, no other may.
 *
 * Ownership. Whatever is passed to a function is borrowed until the function returns: the callee copies what it needs
 * for longer. Whatever is passed to a callback is borrowed until the callback returns. Nothing is ever freed by the
 * other side: the only things that live longer are connections and sessions, and each has a function that closes it.
 *
 * Threads. Every function may be called from any thread, several at the same time, with these exceptions: initialize
 * comes first and shutdown last, and when the close of a connection or a session is called, nothing else runs on it,
 * and nothing is called on it any more.
 * Callbacks come from threads of the library, several at the same time, also while a function of the table runs. A
 * callback returns quickly: it may hold up every other one.
 *
 * From a callback nothing of the table is called. (SOAM deadlocks where a callback closes what called it.)
 *
 * Errors. A function that can fail returns a status, and fills in the caller's scaler_soam_error where that is not
 * NULL. Neither a C++ exception nor a Rust panic ever crosses the border, in either direction.
 */
#ifndef SCALER_SOAM_H
#define SCALER_SOAM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version that this header describes. */
#define SCALER_SOAM_MAJOR 1
#define SCALER_SOAM_MINOR 0

/* What came of a call. Whoever gets a value that it does not know takes it for SCALER_SOAM_FAILED. */
typedef int32_t scaler_soam_status;

/* It was done. */
#define SCALER_SOAM_OK 0
/* It was not done, for a reason that the message tells; nothing is known about whether a second try would help. */
#define SCALER_SOAM_FAILED 1
/* Nobody answers there, or not now: a later try may work. */
#define SCALER_SOAM_UNREACHABLE 2
/* User or password are wrong, or the user may not do this. */
#define SCALER_SOAM_DENIED 3
/* The application, the session or the task is not known there. */
#define SCALER_SOAM_UNKNOWN 4
/* What was asked for can never work as it is: an argument is wrong. */
#define SCALER_SOAM_INVALID 5
/* The connection or the session was there, and is not any more. */
#define SCALER_SOAM_LOST 6
/* The library underneath cannot do this. */
#define SCALER_SOAM_UNSUPPORTED 7

/* Why a call, a task or a session failed. The caller owns it, sets size, and finds the rest filled in on failure. */
typedef struct scaler_soam_error {
    /* sizeof(scaler_soam_error), set by whoever owns it. */
    uint32_t size;
    /* The same as the function has returned; of a task or a session, what it would have. */
    scaler_soam_status status;
    /* The library's own number for the error; 0 where it has none. */
    int32_t soam_code;
    /* The library's own name for its kind, such as "SoamException"; empty where it has none, cut off where it is
     * longer. */
    char type[60];
    /* What happened, in the library's own words; cut off where it is longer. */
    char message[952];
} scaler_soam_error;

/* The name that the library gives to a connection, a session or a task. */
typedef struct scaler_soam_id {
    /* The name; empty before there is one. A name that does not fit is an error, it is never cut off. */
    char text[128];
} scaler_soam_id;

/* A connection to one application. */
typedef struct scaler_soam_connection scaler_soam_connection;

/* A session of a connection: tasks are submitted to it. */
typedef struct scaler_soam_session scaler_soam_session;

/* How bytes travel inside a message of the library. */
/* As IBM's DefaultByteArrayMessage writes them: one byte array. */
#define SCALER_SOAM_CODEC_BYTE_ARRAY 0
/* The bytes alone, without a length in front of them. */
#define SCALER_SOAM_CODEC_RAW 1

/* What a new session is. */
typedef struct scaler_soam_session_options {
    /* sizeof(scaler_soam_session_options). */
    uint32_t size;
    /* One of SCALER_SOAM_CODEC_... */
    uint32_t codec;
    /* What people see. */
    const char *name;
    /* A session type that the application profile declares, such as "RecoverableAllHistoricalData". */
    const char *type;
    /* A label of the caller's own, or NULL. */
    const char *tag;
    /* Which service of the application runs the tasks, or NULL for its default. */
    const char *service;
    /* 1 to 10000, the higher the sooner; 0 for the default of the application. */
    int32_t priority;
    /* 0. */
    uint32_t flags;
} scaler_soam_session_options;

/* What came of a task. */
typedef struct scaler_soam_output {
    /* sizeof(scaler_soam_output). */
    uint32_t size;
    /* Not 0 if the service has answered, 0 if the task has failed. */
    int32_t ok;
    /* The task's id. */
    const char *task;
    /* The tag with which it was submitted, or NULL where the library does not tell it. */
    const char *tag;
    /* What the service has answered, length bytes; NULL where ok or length is 0. */
    const uint8_t *data;
    /* How many bytes data has. */
    uint64_t length;
    /* Why it has failed; NULL if it has not. */
    const scaler_soam_error *error;
} scaler_soam_output;

/* How a session speaks to whoever opened it. */
typedef struct scaler_soam_callbacks {
    /* sizeof(scaler_soam_callbacks). */
    uint32_t size;
    /* 0. */
    uint32_t flags;
    /* Passed on to each callback as it is. It must stay usable until session_close has returned. */
    void *user;
    /* A task has ended. May come before the task_submit that brought it has returned, and more than once for one
     * task. */
    void (*on_output)(void *user, const scaler_soam_output *output);
    /* The session is of no use any more: no further output comes. Called at most once. */
    void (*on_session_error)(void *user, const scaler_soam_error *error);
} scaler_soam_callbacks;

/* How a session is closed. */
/* It ends with all of its tasks. */
#define SCALER_SOAM_DESTROY 0
/* It goes on without us; session_open finds it again. */
#define SCALER_SOAM_DETACH 1

/* The table. */
typedef struct scaler_soam_api {
    /* sizeof(scaler_soam_api), as the library knows it. */
    uint32_t size;
    /* The major version of this table. */
    uint16_t major;
    /* The minor version of this table, at least the one that was asked for. */
    uint16_t minor;

    /* Makes the library ready, once for a process; again is no error. */
    scaler_soam_status (*initialize)(scaler_soam_error *error);

    /* The opposite, for good: the library is of no use to this process any more. All connections are closed before. */
    scaler_soam_status (*shutdown)(scaler_soam_error *error);

    /* Connects to an application as this user. *connection is the caller's from then on; NULL on failure. */
    scaler_soam_status (*connect)(const char *application, const char *user, const char *password,
                                  scaler_soam_connection **connection, scaler_soam_error *error);

    /* The name of a connection. */
    scaler_soam_status (*connection_id)(scaler_soam_connection *connection, scaler_soam_id *id,
                                        scaler_soam_error *error);

    /* Closes a connection whose sessions are closed. It is consumed, also on failure. */
    scaler_soam_status (*connection_close)(scaler_soam_connection *connection, scaler_soam_error *error);

    /* Makes a session. Callbacks may come before this returns. *session is the caller's from then on; NULL on
     * failure. */
    scaler_soam_status (*session_create)(scaler_soam_connection *connection,
                                         const scaler_soam_session_options *options,
                                         const scaler_soam_callbacks *callbacks, scaler_soam_session **session,
                                         scaler_soam_error *error);

    /* Opens a session that was detached, or whose process has gone. The outputs of its tasks come as they end; of those
     * that have ended, the ones that nobody was told of come, and the others may come again. codec is one of
     * SCALER_SOAM_CODEC_... */
    scaler_soam_status (*session_open)(scaler_soam_connection *connection, const char *id, uint32_t codec,
                                       const scaler_soam_callbacks *callbacks, scaler_soam_session **session,
                                       scaler_soam_error *error);

    /* The name of a session, by which session_open finds it. */
    scaler_soam_status (*session_id)(scaler_soam_session *session, scaler_soam_id *id, scaler_soam_error *error);

    /* Closes a session; how is SCALER_SOAM_DESTROY or SCALER_SOAM_DETACH. It is consumed, also on failure. When this
     * has returned, no callback of the session runs, and none comes any more. */
    scaler_soam_status (*session_close)(scaler_soam_session *session, int32_t how, scaler_soam_error *error);

    /* Submits a task; its id is written to *id. data has length bytes and may be NULL where that is 0; it is copied
     * before this returns. tag is a label of the caller's own, or NULL. May take long: the library may wait for
     * room. */
    scaler_soam_status (*task_submit)(scaler_soam_session *session, const char *tag, const uint8_t *data,
                                      uint64_t length, scaler_soam_id *id, scaler_soam_error *error);

    /* Asks for the end of a task: SCALER_SOAM_OK if it will not run, or was ended; no output of it need come then.
     * SCALER_SOAM_UNSUPPORTED where the library has no way to end one task. */
    scaler_soam_status (*task_cancel)(scaler_soam_session *session, const char *task, scaler_soam_error *error);
} scaler_soam_api;

/* The table of this major version, with at least the functions of this minor one; NULL where the library has none. The
 * table is the library's, and stays as it is as long as the library is loaded. */
const scaler_soam_api *scaler_soam_get_api(uint16_t major, uint16_t minor);

#ifdef __cplusplus
}
#endif

#endif
