using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Benchmarks;

/// <summary>What judging a report costs, as a share of what it cannot do without: one verification of an ECDSA signature on P-384.</summary>
internal static class AttestationCost
{
    private const double MostRepeat = 1.10, MostFirstSight = 1.8, MostParse = 3, LeastTwoCores = 1.75, LeastBouncyCastle = 2, MostGrowth = 1.05;
    private const long MostParseBytes = 4096;
    private const int Appraisals = 100_000, Chips = 1_000, Settled = 20_000;

    private static readonly DateTimeOffset s_now = DateTimeOffset.UtcNow;

    public static IReadOnlyList<Result> Measure()
    {
        using SimulatedAuthority authority = SimulatedAuthority.Create(SimulatedLine.Milan);
        using SimulatedSecurityProcessor chip = new(authority);
        Evidence evidence = Evidence.Of(authority, chip);
        return [.. Repeat(evidence), Parse(evidence), TwoCores(evidence), BouncyCastle(authority, evidence), Memory(authority, evidence)];
    }

    private static IEnumerable<Result> Repeat(Evidence evidence)
    {
        // In turn, so that what slows the machine for a while slows all of them.
        double bare = double.MaxValue, repeat = double.MaxValue, first = double.MaxValue;
        for (int run = 0; run < CpuTime.Runs; run++)
        {
            bare = Math.Min(bare, Milliseconds(evidence.VerifyHash, 300));
            repeat = Math.Min(repeat, Milliseconds(evidence.AppraiseKnown, 300));
            first = Math.Min(first, Milliseconds(evidence.AppraiseFirst, 300));
        }
        string baseline = $"one ECDsa.VerifyHash on P-384: {bare:0.000} ms";
        yield return new($"repeat verification with a known VCEK ÷ one VerifyHash, CPU time, best of {CpuTime.Runs}",
            $"{repeat / bare:0.00}", $"at most {MostRepeat:0.00}", repeat / bare <= MostRepeat, baseline);
        yield return new("first sight of a VCEK, from DER, ÷ one VerifyHash", $"{first / bare:0.00}", $"at most {MostFirstSight:0.0}",
            first / bare <= MostFirstSight, baseline);
    }

    private static Result Parse(Evidence evidence)
    {
        evidence.ParseReport();
        long before = GC.GetAllocatedBytesForCurrentThread();
        evidence.ParseReport();
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        double parse = double.MaxValue, copy = double.MaxValue;
        for (int run = 0; run < CpuTime.Runs; run++)
        {
            copy = Math.Min(copy, Milliseconds(evidence.CopyFields, 300_000));
            parse = Math.Min(parse, Milliseconds(evidence.ParseReport, 300_000));
        }
        return new("parse ÷ a plain copy, field by field; allocated", $"{parse / copy:0.00}; {bytes:N0} bytes",
            $"at most {MostParse}; {MostParseBytes:N0} bytes", parse / copy <= MostParse && bytes <= MostParseBytes,
            $"the copy: {copy * 1000:0.000} µs");
    }

    // Of the clock's time, for want of another that tells of two cores.
    private static Result TwoCores(Evidence evidence)
    {
        const int Each = 1000;
        double one = double.MaxValue, two = double.MaxValue;
        for (int run = 0; run < CpuTime.Runs; run++)
        {
            one = Math.Min(one, Clock(() => Many(evidence, Each)));
            two = Math.Min(two, Clock(() => Parallel.For(0, 2, new ParallelOptions { MaxDegreeOfParallelism = 2 }, _ => Many(evidence, Each))));
        }
        double ratio = 2 * one / two;
        return new("appraisals a second, two cores ÷ one, one shared VCEK", $"{ratio:0.00}", $"at least {LeastTwoCores}", ratio >= LeastTwoCores,
            $"one core: {Each / one:N0} a second");
    }

    private static Result BouncyCastle(SimulatedAuthority authority, Evidence evidence)
    {
        BouncyCastleVerifier other = new(authority, evidence.Report);
        double ours = double.MaxValue, theirs = double.MaxValue, known = double.MaxValue, theirsKnown = double.MaxValue;
        for (int run = 0; run < CpuTime.Runs; run++)
        {
            ours = Math.Min(ours, Milliseconds(evidence.AppraiseFirst, 100));
            theirs = Math.Min(theirs, Milliseconds(() => other.VerifyFirst(evidence.VcekDer), 100));
            known = Math.Min(known, Milliseconds(evidence.AppraiseKnown, 100));
            theirsKnown = Math.Min(theirsKnown, Milliseconds(other.VerifyKnown, 100));
        }
        return new("BouncyCastle ÷ ours: a report and its VCEK from bytes, below a known ASK", $"{theirs / ours:0.00}", $"at least {LeastBouncyCastle}",
            theirs / ours >= LeastBouncyCastle, $"with a known VCEK too, which leaves one ECDSA signature: {theirsKnown / known:0.00}");
    }

    private static Result Memory(SimulatedAuthority authority, Evidence evidence)
    {
        (byte[] Report, byte[] Vcek)[] hosts = [.. Enumerable.Range(0, Chips).Select(number =>
        {
            byte[] chipId = new byte[64];
            BitConverter.TryWriteBytes(chipId.AsSpan(1), number + 1);
            using SimulatedSecurityProcessor chip = new(authority, chipId);
            return (chip.Report(chip.Fields), chip.Vcek.Certificate);
        })];
        EndorsementChain[] chains = [.. hosts.Select(host => EndorsementChain.Of(Evidence.Key(host.Vcek), evidence.Issuers))];
        long settled = 0;
        for (int i = 0; i < Appraisals; i++)
        {
            AttestationResult result = Verifier.Appraise(hosts[i % Chips].Report, chains[i % Chips], AppraisalPolicy.Default, null, s_now);
            if (!result.Genuine)
                throw new InvalidOperationException($"report {i} is not genuine: {result.Findings[0]}");
            if (i == Settled)
                settled = ResidentBytes();
        }
        long end = ResidentBytes();
        double growth = (double)end / settled;
        return new($"{Appraisals:N0} appraisals over {Chips:N0} VCEKs: memory after all ÷ after {Settled:N0}", $"{growth:0.00}",
            $"at most {MostGrowth:0.00}", growth <= MostGrowth, $"resident: {end / 1e6:0.0} MB");
    }

    private static long ResidentBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using Process self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    private static void Many(Evidence evidence, int count)
    {
        for (int i = 0; i < count; i++)
            evidence.AppraiseKnown();
    }

    private static double Milliseconds(Action work, int repeats)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < repeats; i++)
            work();
        return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds / repeats;
    }

    private static double Clock(Action work)
    {
        Stopwatch watch = Stopwatch.StartNew();
        work();
        return watch.Elapsed.TotalSeconds;
    }

    /// <summary>A sound report and all that it takes to judge it.</summary>
    private sealed record Evidence(byte[] Report, byte[] VcekDer, TrustedIssuers Issuers, EndorsementChain Known, ECDsa Bare)
    {
        private readonly byte[] _hash = SHA384.HashData(Report.AsSpan(0, AttestationReport.SignedSize)), _signature = Signature(Report);

        public static Evidence Of(SimulatedAuthority authority, SimulatedSecurityProcessor chip)
        {
            HashSet<string> named = [authority.Ark.Fingerprint];
            TrustedIssuers issuers = TrustedIssuers.From([Authority(authority.Ark.Certificate)], [Authority(authority.Ask.Certificate)], [], named);
            using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(chip.Vcek.Certificate);
            Evidence evidence = new(chip.Report(chip.Fields), chip.Vcek.Certificate, issuers,
                EndorsementChain.Of(Key(chip.Vcek.Certificate), issuers), certificate.GetECDsaPublicKey()!);
            AttestationResult result = Verifier.Appraise(evidence.Report, evidence.Known, AppraisalPolicy.Default, null, s_now);
            return result is { Genuine: true, Verdict: Attestation.Verdict.Affirming } && evidence.Bare.VerifyHash(evidence._hash, evidence._signature)
                ? evidence
                : throw new InvalidOperationException("what is measured does not verify");
        }

        public static VekCertificate Key(byte[] der) => VekCertificate.TryParse(der, out VekCertificate? key, out Attestation.Finding? malformed)
            ? key
            : throw new InvalidOperationException(malformed.ToString());

        public void VerifyHash() => Bare.VerifyHash(_hash, _signature);

        public void AppraiseKnown() => Verifier.Appraise(Report, Known, AppraisalPolicy.Default, null, s_now);

        public void AppraiseFirst() => Verifier.Appraise(Report, EndorsementChain.Of(Key(VcekDer), Issuers), AppraisalPolicy.Default, null, s_now);

        public void ParseReport()
        {
            if (!AttestationReport.TryParse(Report, null, out _, out _))
                throw new InvalidOperationException("what is measured does not parse");
        }

        public void CopyFields() => GC.KeepAlive(new PlainReport(Report));

        private static AuthorityCertificate Authority(byte[] der) => AuthorityCertificate.TryParse(der, out AuthorityCertificate? certificate, out Attestation.Finding? malformed)
            ? certificate
            : throw new InvalidOperationException(malformed.ToString());

        private static byte[] Signature(byte[] report)
        {
            byte[] signature = [.. report.AsSpan(0x2A0, 48), .. report.AsSpan(0x2A0 + 72, 48)];
            signature.AsSpan(0, 48).Reverse();
            signature.AsSpan(48).Reverse();
            return signature;
        }
    }
}
