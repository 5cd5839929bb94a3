/* A library that looks like a shim and is of no use. What is wrong with it the compiler is told:
 * MISSING a function that is NULL, SIZE and VERSION those of the table. All functions that are there refuse. */
#include <stddef.h>
#include <string.h>

#include "scaler_soam.h"

#ifndef SIZE
#define SIZE sizeof(scaler_soam_api)
#endif
#ifndef VERSION
#define VERSION SCALER_SOAM_MAJOR
#endif

static scaler_soam_status refuse(scaler_soam_error *error)
{
    error->status = SCALER_SOAM_FAILED;
    strcpy(error->message, "EGO_CONFDIR is not set");
    return SCALER_SOAM_FAILED;
}

const scaler_soam_api *scaler_soam_get_api(uint16_t major, uint16_t minor)
{
    static scaler_soam_api api;
    void (*const function)(void) = (void (*)(void))refuse;
    (void)major;
    for (size_t at = offsetof(scaler_soam_api, initialize); at < sizeof api; at += sizeof function) {
        memcpy((char *)&api + at, &function, sizeof function);
    }
    api.size = SIZE;
    api.major = VERSION;
    api.minor = minor;
#ifdef MISSING
    api.MISSING = NULL;
#endif
    return &api;
}
