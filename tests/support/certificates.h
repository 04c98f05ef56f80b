/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * certificates: an authority and whom it has signed, made anew for each run, in
 * a folder of its own: NAME.pem and NAME.key there.
 */
#ifndef TROUPE_TESTS_SUPPORT_CERTIFICATES_H
#define TROUPE_TESTS_SUPPORT_CERTIFICATES_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/check.h"

static char certificates_folder[64];

struct certified {
    X509 *certificate;
    EVP_PKEY *key;
};

/* Days from today. */
struct certified_for {
    int from;
    int until;
};

/* Good until the next call but three. */
static const char *
certificates_path(const char *name, const char *ending)
{
    static char paths[4][160];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(
        path, sizeof(paths[0]), "%s/%s.%s", certificates_folder, name, ending);
    return path;
}

static FILE *
open_certificates_file(const char *name, const char *ending)
{
    FILE *file = fopen(certificates_path(name, ending), "w");

    CHECK(file != NULL);
    return file;
}

static void
write_certified(const char *name, const struct certified *whom)
{
    FILE *file = open_certificates_file(name, "pem");

    CHECK(PEM_write_X509(file, whom->certificate) == 1);
    fclose(file);
    file = open_certificates_file(name, "key");
    CHECK(
        PEM_write_PrivateKey(file, whom->key, NULL, NULL, 0, NULL, NULL) == 1);
    fclose(file);
}

static void
extend(X509 *certificate, int what, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, what, value);

    CHECK(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/* names as in "DNS:bank.test"; NULL: an authority. by NULL: by itself. Writes
 * its files. */
static struct certified
certify(const char *name, const char *names, struct certified_for period,
    const struct certified *by)
{
    static long serial = 1;
    struct certified whom = {X509_new(), EVP_EC_gen("P-256")};
    X509_NAME *subject = X509_get_subject_name(whom.certificate);

    CHECK(whom.certificate != NULL && whom.key != NULL);
    by = by == NULL ? &whom : by;
    CHECK(X509_set_version(whom.certificate, 2) == 1);
    CHECK(ASN1_INTEGER_set(X509_get_serialNumber(whom.certificate), serial++) ==
          1);
    CHECK(X509_time_adj_ex(X509_getm_notBefore(whom.certificate), period.from,
              -3600, NULL) != NULL);
    CHECK(X509_time_adj_ex(X509_getm_notAfter(whom.certificate), period.until,
              0, NULL) != NULL);
    CHECK(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
              (const unsigned char *)name, -1, -1, 0) == 1);
    CHECK(X509_set_issuer_name(
              whom.certificate, X509_get_subject_name(by->certificate)) == 1);
    CHECK(X509_set_pubkey(whom.certificate, whom.key) == 1);
    extend(whom.certificate, NID_basic_constraints,
        names == NULL ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (names != NULL) {
        extend(whom.certificate, NID_subject_alt_name, names);
    }
    CHECK(X509_sign(whom.certificate, by->key, EVP_sha256()) > 0);
    write_certified(name, &whom);
    return whom;
}

static void
free_certified(struct certified *whom)
{
    X509_free(whom->certificate);
    EVP_PKEY_free(whom->key);
}

/*
 * authority signs bank, for bank.test and 127.0.0.1, and stale, which has
 * expired; stranger is another authority. nothing.pem is no certificate.
 */
static void
make_certificates(void)
{
    static const struct certified_for today = {0, 2};
    static const struct certified_for yesterday = {-3, -1};
    static const char names[] = "DNS:bank.test,IP:127.0.0.1";
    struct certified authority;
    struct certified other;
    FILE *file;

    (void)snprintf(certificates_folder, sizeof(certificates_folder),
        "/tmp/troupe-certificates-XXXXXX");
    CHECK(mkdtemp(certificates_folder) != NULL);
    authority = certify("authority", NULL, today, NULL);
    other = certify("bank", names, today, &authority);
    free_certified(&other);
    other = certify("stale", names, yesterday, &authority);
    free_certified(&other);
    other = certify("stranger", NULL, today, NULL);
    free_certified(&other);
    free_certified(&authority);
    file = open_certificates_file("nothing", "pem");
    CHECK(fputs("nothing\n", file) >= 0);
    fclose(file);
}

static void
remove_certificates(void)
{
    static const char *const names[] = {
        "authority", "bank", "stale", "stranger", "nothing"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)unlink(certificates_path(names[i], "pem"));
        (void)unlink(certificates_path(names[i], "key"));
    }
    CHECK(rmdir(certificates_folder) == 0);
}

#endif
