/*
 * A library of the ABI that does what tests of the thread need, and nothing else. It is told how to behave by the texts
 * that pass through it: the user of a connection is a file to which each call is written, a line each; the application
 * says what goes wrong.
 *
 *   refuse  nobody ever answers a connect
 *   hold    session_create waits until the file NAME.go is there, and fails then, the first time
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scaler_soam.h"

struct scaler_soam_connection {
    char application[64];
    char log[256];
};

struct scaler_soam_session {
    struct scaler_soam_connection *connection;
    char id[32];
    scaler_soam_callbacks callbacks;
};

static int made = 0, submitted = 0;

/* One write each: lines of several threads do not mix. */
static void say(const char *log, const char *call, const char *what)
{
    char line[512];
    FILE *file = fopen(log, "a");
    if (file != NULL) {
        setvbuf(file, NULL, _IOFBF, sizeof line);
        fprintf(file, "%s %s\n", call, what);
        fclose(file);
    }
}

static scaler_soam_status fail(scaler_soam_error *error, scaler_soam_status status)
{
    if (error != NULL) {
        error->status = status;
        snprintf(error->message, sizeof error->message, "as the test wants it");
    }
    return status;
}

static scaler_soam_status nothing(scaler_soam_error *error)
{
    (void)error;
    return SCALER_SOAM_OK;
}

static scaler_soam_status link_up(const char *application, const char *user, const char *password,
                                  scaler_soam_connection **connection, scaler_soam_error *error)
{
    char thread[32];
    (void)password;
    snprintf(thread, sizeof thread, "%ld", syscall(SYS_gettid));
    say(user, "connect", thread);
    if (strcmp(application, "refuse") == 0) {
        return fail(error, SCALER_SOAM_UNREACHABLE);
    }
    *connection = calloc(1, sizeof **connection);
    snprintf((*connection)->application, sizeof (*connection)->application, "%s", application);
    snprintf((*connection)->log, sizeof (*connection)->log, "%s", user);
    return SCALER_SOAM_OK;
}

static scaler_soam_status link_id(scaler_soam_connection *connection, scaler_soam_id *id, scaler_soam_error *error)
{
    (void)connection;
    (void)error;
    strcpy(id->text, "stub");
    return SCALER_SOAM_OK;
}

static scaler_soam_status link_down(scaler_soam_connection *connection, scaler_soam_error *error)
{
    (void)error;
    free(connection);
    return SCALER_SOAM_OK;
}

static scaler_soam_status begin(scaler_soam_connection *connection, const char *id,
                                const scaler_soam_callbacks *callbacks, scaler_soam_session **session)
{
    *session = calloc(1, sizeof **session);
    (*session)->connection = connection;
    (*session)->callbacks = *callbacks;
    snprintf((*session)->id, sizeof (*session)->id, "%s", id);
    return SCALER_SOAM_OK;
}

static scaler_soam_status create(scaler_soam_connection *connection, const scaler_soam_session_options *options,
                                 const scaler_soam_callbacks *callbacks, scaler_soam_session **session,
                                 scaler_soam_error *error)
{
    char what[128], go[300];
    snprintf(what, sizeof what, "tag=%s priority=%d", options->tag == NULL ? "" : options->tag, (int)options->priority);
    say(connection->log, "create", what);
    if (strcmp(connection->application, "hold") == 0 && made++ == 0) {
        snprintf(go, sizeof go, "%s.go", connection->log);
        while (access(go, F_OK) != 0) {
            usleep(1000);
        }
        return fail(error, SCALER_SOAM_FAILED);
    }
    snprintf(what, sizeof what, "made-%d", ++made);
    return begin(connection, what, callbacks, session);
}

static scaler_soam_status open_again(scaler_soam_connection *connection, const char *id, uint32_t codec,
                                     const scaler_soam_callbacks *callbacks, scaler_soam_session **session,
                                     scaler_soam_error *error)
{
    (void)codec;
    (void)error;
    say(connection->log, "open", id);
    return begin(connection, id, callbacks, session);
}

static scaler_soam_status name(scaler_soam_session *session, scaler_soam_id *id, scaler_soam_error *error)
{
    (void)error;
    strcpy(id->text, session->id);
    return SCALER_SOAM_OK;
}

static scaler_soam_status end(scaler_soam_session *session, int32_t how, scaler_soam_error *error)
{
    (void)error;
    say(session->connection->log, how == SCALER_SOAM_DESTROY ? "destroy" : "detach", session->id);
    free(session);
    return SCALER_SOAM_OK;
}

/* A task tagged with the hexadecimal form of "lost" loses its session; others are answered at once, before the id. */
static scaler_soam_status submit(scaler_soam_session *session, const char *tag, const uint8_t *data, uint64_t length,
                                 scaler_soam_id *id, scaler_soam_error *error)
{
    static const uint8_t answer[] = {0x80, 3, 'C', 1, 0, '.'};
    scaler_soam_output output = {sizeof output, 1, id->text, NULL, answer, sizeof answer, NULL};
    (void)data;
    (void)length;
    say(session->connection->log, "submit", session->id);
    if (strncmp(tag, "6c6f7374", 8) == 0) {
        return fail(error, SCALER_SOAM_LOST);
    }
    snprintf(id->text, sizeof id->text, "%d", ++submitted);
    /* Told twice. */
    session->callbacks.on_output(session->callbacks.user, &output);
    session->callbacks.on_output(session->callbacks.user, &output);
    return SCALER_SOAM_OK;
}

static scaler_soam_status cancel(scaler_soam_session *session, const char *task, scaler_soam_error *error)
{
    (void)session;
    (void)task;
    return fail(error, SCALER_SOAM_UNSUPPORTED);
}

const scaler_soam_api *scaler_soam_get_api(uint16_t major, uint16_t minor)
{
    static const scaler_soam_api table = {sizeof table, SCALER_SOAM_MAJOR, SCALER_SOAM_MINOR, nothing, nothing,
                                          link_up,      link_id,           link_down,         create,  open_again,
                                          name,         end,               submit,            cancel};
    return major == SCALER_SOAM_MAJOR && minor <= SCALER_SOAM_MINOR ? &table : NULL;
}
