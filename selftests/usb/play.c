// SPDX-License-Identifier: GPL-2.0
/*
 * play DEVICE SECONDS - play silence on a PCM device, 48 kHz, stereo, 16 bits,
 * by the kernel's own interface; fails if it takes less or far more time.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <sound/asound.h>

#define RATE	48000

static void any(struct snd_pcm_hw_params *p)
{
	size_t i;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < sizeof(p->masks) / sizeof(p->masks[0]); i++)
		memset(&p->masks[i], 0xff, sizeof(p->masks[i]));
	for (i = 0; i < sizeof(p->intervals) / sizeof(p->intervals[0]); i++)
		p->intervals[i].max = ~0u;
	p->rmask = ~0u;
	p->info = ~0u;
}

static void mask(struct snd_pcm_hw_params *p, int what, unsigned int bit)
{
	struct snd_mask *m = &p->masks[what - SNDRV_PCM_HW_PARAM_FIRST_MASK];

	memset(m, 0, sizeof(*m));
	m->bits[bit / 32] = 1u << (bit % 32);
}

static void interval(struct snd_pcm_hw_params *p, int what, unsigned int value)
{
	struct snd_interval *i;

	i = &p->intervals[what - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL];
	i->min = value;
	i->max = value;
	i->integer = 1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static char silence[RATE / 10 * 4];
	struct snd_pcm_hw_params params;
	int fd, i, tenths;
	double start, took;

	if (argc != 3)
		errx(1, "usage: play DEVICE SECONDS");
	tenths = atoi(argv[2]) * 10;
	fd = open(argv[1], O_WRONLY);
	if (fd < 0)
		err(1, "%s", argv[1]);
	any(&params);
	mask(&params, SNDRV_PCM_HW_PARAM_ACCESS, SNDRV_PCM_ACCESS_RW_INTERLEAVED);
	mask(&params, SNDRV_PCM_HW_PARAM_FORMAT, SNDRV_PCM_FORMAT_S16_LE);
	interval(&params, SNDRV_PCM_HW_PARAM_CHANNELS, 2);
	interval(&params, SNDRV_PCM_HW_PARAM_RATE, RATE);
	if (ioctl(fd, SNDRV_PCM_IOCTL_HW_PARAMS, &params))
		err(1, "hw_params");
	if (ioctl(fd, SNDRV_PCM_IOCTL_PREPARE))
		err(1, "prepare");
	start = now();
	for (i = 0; i < tenths; i++) {
		struct snd_xferi xfer = { .buf = silence, .frames = RATE / 10 };

		if (ioctl(fd, SNDRV_PCM_IOCTL_WRITEI_FRAMES, &xfer))
			err(1, "frame %d", i * RATE / 10);
	}
	if (ioctl(fd, SNDRV_PCM_IOCTL_DRAIN))
		err(1, "drain");
	took = now() - start;
	printf("%d.%d s of sound took %.2f s\n", tenths / 10, tenths % 10, took);
	return took < tenths / 10.0 * 0.8 || took > tenths / 10.0 * 10;
}
