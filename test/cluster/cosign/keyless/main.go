// Keyless signs artifacts as `cosign sign` does without a key, with authorities of its own in place of Sigstore's servers:
// a certificate authority, a log of certificates and a log of signatures. It writes the trusted root with which somebody
// can verify. Usage: keyless TRUSTED_ROOT_FILE [SUBJECT REPOSITORY@DIGEST]...
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"strings"
	"time"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/tls"
	ctx509 "github.com/google/certificate-transparency-go/x509"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	ociremote "github.com/sigstore/cosign/v3/pkg/oci/remote"
	"github.com/sigstore/cosign/v3/pkg/types"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore/pkg/signature"
	sigdsse "github.com/sigstore/sigstore/pkg/signature/dsse"
	"google.golang.org/protobuf/encoding/protojson"
)

const issuer = "https://token.actions.githubusercontent.com"

func check[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

// authorities stands in for Sigstore's servers.
type authorities struct {
	log              *ca.VirtualSigstore
	root, authority  *x509.Certificate
	authorityKey     *ecdsa.PrivateKey
	certificateLog   *ecdsa.PrivateKey
	certificateLogID [32]byte
}

func newAuthorities() *authorities {
	log := check(ca.NewVirtualSigstore())
	rootCert, rootKey, err := ca.GenerateRootCa()
	check(rootCert, err)
	authority, authorityKey, err := ca.GenerateFulcioIntermediate(rootCert, rootKey)
	check(authority, err)
	key := check(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	id := sha256.Sum256(check(x509.MarshalPKIXPublicKey(key.Public())))
	return &authorities{log, rootCert, authority, authorityKey, key, id}
}

// certificate is one of Fulcio's: the identity of a workflow, with a receipt of the log of certificates inside.
func (a *authorities) certificate(subject string, key *ecdsa.PrivateKey) *x509.Certificate {
	now := time.Now().Add(-time.Minute)
	template := x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		URIs:         []*url.URL{check(url.Parse(subject))},
		NotBefore:    now,
		NotAfter:     now.Add(10 * time.Minute),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		ExtraExtensions: []pkix.Extension{{
			Id:    asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1},
			Value: []byte(issuer),
		}},
	}
	create := func() *x509.Certificate {
		return check(x509.ParseCertificate(check(
			x509.CreateCertificate(rand.Reader, &template, a.authority, key.Public(), a.authorityKey))))
	}
	receipt := a.receipt(create().RawTBSCertificate)
	template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{
		Id:    asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2},
		Value: check(asn1.Marshal(receipt)),
	})
	return create()
}

// receipt is a list of one signed certificate timestamp, as a certificate contains it.
func (a *authorities) receipt(certificate []byte) []byte {
	stamp := ct.SignedCertificateTimestamp{
		SCTVersion: ct.V1,
		LogID:      ct.LogID{KeyID: a.certificateLogID},
		Timestamp:  uint64(time.Now().UnixMilli()),
	}
	entry := ct.LogEntry{Leaf: ct.MerkleTreeLeaf{
		Version:  ct.V1,
		LeafType: ct.TimestampedEntryLeafType,
		TimestampedEntry: &ct.TimestampedEntry{
			Timestamp: stamp.Timestamp,
			EntryType: ct.PrecertLogEntryType,
			PrecertEntry: &ct.PreCert{
				IssuerKeyHash:  sha256.Sum256(a.authority.RawSubjectPublicKeyInfo),
				TBSCertificate: certificate,
			},
		},
	}}
	input := check(ct.SerializeSCTSignatureInput(stamp, entry))
	signed := check(tls.CreateSignature(*a.certificateLog, tls.SHA256, input))
	stamp.Signature = ct.DigitallySigned(signed)
	list := ctx509.SignedCertificateTimestampList{
		SCTList: []ctx509.SerializedSCT{{Val: check(tls.Marshal(stamp))}},
	}
	return check(tls.Marshal(list))
}

// sign makes the bundle of a signature and puts it beside the artifact.
func (a *authorities) sign(subject, reference string) {
	digest := check(name.NewDigest(reference))
	statement := fmt.Sprintf(
		`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":%q}}],"predicateType":%q,"predicate":{}}`,
		strings.TrimPrefix(digest.DigestStr(), "sha256:"), types.CosignSignPredicateType)
	key := check(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	certificate := a.certificate(subject, key)
	signer := check(signature.LoadECDSASigner(key, crypto.SHA256))
	adapter := &sigdsse.SignerAdapter{SignatureSigner: signer, Pub: certificate.PublicKey}
	envelope := check(check(dsse.NewEnvelopeSigner(adapter)).
		SignPayload(context.Background(), "application/vnd.in-toto+json", []byte(statement)))
	raw := check(base64.StdEncoding.DecodeString(envelope.Signatures[0].Sig))
	entry := a.entry(certificate, envelope, raw)
	whole := protobundle.Bundle{
		MediaType: check(bundle.MediaTypeString("0.3")),
		VerificationMaterial: &protobundle.VerificationMaterial{
			Content: &protobundle.VerificationMaterial_Certificate{
				Certificate: &protocommon.X509Certificate{RawBytes: certificate.Raw},
			},
			TlogEntries: []*protorekor.TransparencyLogEntry{entry},
		},
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload:     []byte(statement),
			PayloadType: envelope.PayloadType,
			Signatures:  []*protodsse.Signature{{Sig: raw}},
		}},
	}
	check(bundle.NewBundle(&whole))
	options := ociremote.WithRemoteOptions(remote.WithAuthFromKeychain(authn.DefaultKeychain))
	check(0, ociremote.WriteAttestationNewBundleFormat(
		digest, check(protojson.Marshal(&whole)), types.CosignSignPredicateType, options))
}

// entry is the answer of the log of signatures, with the promise that makes its time count.
func (a *authorities) entry(
	certificate *x509.Certificate, envelope *dsse.Envelope, raw []byte,
) *protorekor.TransparencyLogEntry {
	now := time.Now().Unix()
	entry := check(a.log.GenerateTlogEntry(certificate, envelope, raw, now, true)).TransparencyLogEntry()
	entry.KindVersion = &protorekor.KindVersion{Kind: "intoto", Version: "0.0.2"}
	promise := check(a.log.RekorSignPayload(tlog.RekorPayload{
		Body:           base64.StdEncoding.EncodeToString(entry.CanonicalizedBody),
		IntegratedTime: now,
		LogIndex:       entry.LogIndex,
		LogID:          check(a.log.RekorLogID()),
	}))
	entry.InclusionPromise = &protorekor.InclusionPromise{SignedEntryTimestamp: promise}
	return entry
}

// trustedRoot says whose signatures hold. Nobody asks the server of a log, because a bundle has its answer.
func (a *authorities) trustedRoot() []byte {
	from, until := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	logOf := func(key crypto.PublicKey) map[string]*root.TransparencyLog {
		id := sha256.Sum256(check(x509.MarshalPKIXPublicKey(key)))
		return map[string]*root.TransparencyLog{fmt.Sprintf("%x", id): {
			BaseURL: "http://127.0.0.1:1", ID: id[:], PublicKey: key,
			ValidityPeriodStart: from, ValidityPeriodEnd: until,
			HashFunc: crypto.SHA256, SignatureHashFunc: crypto.SHA256,
		}}
	}
	var signatures map[string]*root.TransparencyLog
	for _, log := range a.log.RekorLogs() {
		signatures = logOf(log.PublicKey)
	}
	authority := &root.FulcioCertificateAuthority{
		Root: a.root, Intermediates: []*x509.Certificate{a.authority},
		ValidityPeriodStart: from, ValidityPeriodEnd: until, URI: "http://127.0.0.1:1",
	}
	whole := check(root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{authority}, logOf(a.certificateLog.Public()), nil, signatures))
	return check(whole.MarshalJSON())
}

func main() {
	a := newAuthorities()
	for pairs := os.Args[2:]; len(pairs) > 1; pairs = pairs[2:] {
		a.sign(pairs[0], pairs[1])
	}
	check(0, os.WriteFile(os.Args[1], a.trustedRoot(), 0o600))
}
